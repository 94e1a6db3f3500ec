//! Values that are right by construction, and the rules that need no I/O.

mod allowance;
mod billing;
mod clock;
mod id;
mod mobile;
mod reply;
pub(crate) mod sql;
mod text;
mod timestamp;
mod words;

pub use allowance::{Allowance, Bounds, FreeCancels, Limits, Tier};
pub use billing::{Entitlement, Notice, PaymentProblem, SubscriptionState};
pub use clock::Clock;
pub use id::{ChallengeId, ChatroomId, CustomerId, MessageId, NoticeId, SessionId, SignupId, UserId};
pub use mobile::Mobile;
pub use reply::{ReplyError, ReplyState, Role, ThoughtSignature, Usage};
pub use text::{Content, Email, Name, Password, SystemPrompt, Title};
pub use timestamp::Timestamp;
pub(crate) use words::words;

/// Why a value was refused. The text is for the client: it says what is wrong and never repeats what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub &'static str);
