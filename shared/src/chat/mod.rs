//! What both doors of the chat share: the API, and the streaming door that follows a reply in the same answer.
//!
//! - [`MessageSender`], [`IdempotencyKey`]: who sends, and under which name. - [`Desk`]: accepts.
//! - [`MessageView`], [`AcceptedView`]: what clients see. - [`StreamDoor`]: where a reply is followed.

mod accepted;
mod desk;
mod idempotency;
mod message;
mod sender;
mod stream_door;

pub use accepted::AcceptedView;
pub use desk::{Desk, TOO_MANY_UNFINISHED};
pub use idempotency::IdempotencyKey;
pub use message::MessageView;
pub use sender::MessageSender;
pub use stream_door::StreamDoor;
