//! Messages as clients see them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::db::messages::Message;
use crate::domain::{MessageId, ReplyError, ReplyState, Role, Timestamp};

/// A message or a reply.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Message, example = json!({
    "id": "01a207af-efbc-781e-ba38-5d940ed90475", "role": "assistant", "state": "completed",
    "content": "Begin in Alfama before ten, have lunch in a tasca in Mouraria, and take the ferry to Cacilhas at dusk.",
    "in_reply_to": "01a207af-efbc-7953-9767-c9f81818e811", "model": "gemini-flash-latest", "finish_reason": "STOP",
    "usage": { "prompt_tokens": 38, "reply_tokens": 31 }, "error": null,
    "created_at": "2026-11-23T12:00:00.000Z", "completed_at": "2026-11-23T12:00:02.731Z"
}))]
pub struct MessageView {
    /// Its id.
    pub id: MessageId,
    role: Role,
    content: String,
    /// Its state.
    pub state: ReplyState,
    in_reply_to: Option<MessageId>,
    model: Option<String>,
    finish_reason: Option<String>,
    usage: Option<Usage>,
    error: Option<Failure>,
    created_at: Timestamp,
    completed_at: Option<Timestamp>,
}

/// Tokens read and written.
#[derive(Debug, Serialize, ToSchema)]
struct Usage {
    prompt_tokens: Option<i32>,
    reply_tokens: Option<i32>,
}

/// Why there is no answer.
#[derive(Debug, Serialize, ToSchema)]
struct Failure {
    code: ReplyError,
    detail: String,
}

impl From<Message> for MessageView {
    fn from(message: Message) -> Self {
        let counted = message.prompt_tokens.is_some() || message.reply_tokens.is_some();
        Self {
            id: message.id,
            role: message.role,
            content: message.content,
            state: message.state,
            in_reply_to: message.in_reply_to,
            model: message.model,
            finish_reason: message.finish_reason,
            usage: counted
                .then_some(Usage { prompt_tokens: message.prompt_tokens, reply_tokens: message.reply_tokens }),
            error: message.error.map(|code| Failure { code, detail: explain(code, message.charged_on.is_none()) }),
            created_at: message.created_at,
            completed_at: message.completed_at,
        }
    }
}

/// What a reply's error means to the user, and whether the message was refunded.
fn explain(error: ReplyError, is_refunded: bool) -> String {
    let (what, then) = match error {
        ReplyError::ContentBlocked => ("The model's filters refused this.", "Try other words."),
        ReplyError::QuotaExhausted => ("The model's quota is used up for now.", "Try again later."),
        ReplyError::ModelUnavailable => ("The model could not be reached.", "Try again."),
        ReplyError::AttemptsExhausted => ("The model failed to answer several times.", "Try again."),
        ReplyError::EmptyAnswer => ("The model's answer was empty.", "Try again."),
        ReplyError::NoText => ("The model thought for so long that no text was left.", "Ask for less at once."),
        ReplyError::ModelStopped => ("The model stopped before its answer was complete.", "Try again."),
        ReplyError::ModelUnauthorized
        | ReplyError::ModelNotFound
        | ReplyError::RequestRefused
        | ReplyError::DeadLettered => ("No answer could be made.", "Try again."),
    };
    let refund = if is_refunded { " The message was refunded." } else { "" };
    format!("{what}{refund} {then}")
}
