//! `messages` as work: the lease of a reply, its end, another reply to its message, and the search for lost replies.

mod cancel;
mod claim;
mod end;
mod progress;
mod regenerate;
mod strays;

pub use cancel::{Cancel, cancel, keep_partial, latest};
pub use claim::{Attempt, Claim, MOST_ATTEMPTS, Turn, claim};
pub use end::{Outcome, finish, postpone, renew};
pub use progress::{Progress, progress};
pub use regenerate::{NewReply, Regenerate, regenerate};
pub use strays::{Buried, Stray, bury, nudged, strays};
