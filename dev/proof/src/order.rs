//! The order that the killed process receives.

use aws_lambda_events::sqs::SqsEvent;
use serde::{Deserialize, Serialize};

/// One invocation of one function.
#[derive(Debug, Serialize, Deserialize)]
pub enum Order {
    /// `chatroom` handles a request.
    Call(Call),
    /// `gemini-worker` handles a batch.
    Work(Box<SqsEvent>),
    /// `maintenance` sweeps.
    Sweep,
}

/// A request of a signed-in user.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Call {
    /// GET, POST, …
    pub method: String,
    /// The path.
    pub path: String,
    /// The access token.
    pub token: String,
    /// The `Idempotency-Key`.
    pub key: Option<String>,
    /// The body; empty if there is none.
    pub body: String,
}
