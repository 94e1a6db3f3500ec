//! `messages` as work: the lease of a reply, its end, another one in its place, and what finds the lost ones.

mod claim;
mod end;
mod regenerate;
mod strays;

pub use claim::{Attempt, Claim, MOST_ATTEMPTS, Turn, claim};
pub use end::{Cancel, Outcome, cancel, finish, keep_partial, postpone};
pub use regenerate::{Regenerate, regenerate};
pub use strays::{Stray, bury, nudged, strays};
