//! Values that are right by construction, and the rules that need no I/O.

mod allowance;
mod clock;
mod id;
mod mobile;
mod reply;
mod text;
mod timestamp;

pub use allowance::{Allowance, Limits, Tier};
pub use clock::Clock;
pub use id::{ChallengeId, ChatroomId, CustomerId, MessageId, SessionId, SignupId, UserId};
pub use mobile::Mobile;
pub use reply::{ReplyState, Role};
pub use text::{Content, Email, Name, Password, SystemPrompt, Title};
pub use timestamp::Timestamp;

/// Why a value was refused. The text is for the client: what is wrong, never what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub &'static str);
