//! Rooms and messages as clients see them.

use serde::Serialize;
use shared::db::chatrooms::Chatroom;
use shared::db::messages::{Accepted, Message};
use shared::domain::{Allowance, ChatroomId, MessageId, ReplyState, Role, Timestamp};
use utoipa::ToSchema;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Listed<T> {
    pub(crate) data: Vec<T>,
    pub(crate) next_cursor: Option<String>,
}

/// A chatroom.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Chatroom)]
pub(crate) struct RoomView {
    pub(crate) id: ChatroomId,
    #[schema(example = "Tea")]
    title: String,
    #[schema(example = "Answer in one sentence.")]
    system_prompt: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<Chatroom> for RoomView {
    fn from(room: Chatroom) -> Self {
        Self {
            id: room.id,
            title: room.title,
            system_prompt: room.system_prompt,
            created_at: room.created_at,
            updated_at: room.updated_at,
        }
    }
}

/// A message or a reply.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Message, example = json!({
    "id": "019a2b3c-5e6f-7081-8b2c-3d4e5f607182", "role": "assistant", "content": "Two to three minutes.", "state": "completed",
    "in_reply_to": "019a2b3c-4d5e-7f60-8a1b-2c3d4e5f6071", "model": "gemini-flash-latest", "finish_reason": "STOP",
    "usage": { "prompt_tokens": 12, "reply_tokens": 6 }, "error": null,
    "created_at": "2026-11-23T12:00:00.000Z", "completed_at": "2026-11-23T12:00:02.000Z"
}))]
pub(crate) struct MessageView {
    pub(crate) id: MessageId,
    role: Role,
    content: String,
    state: ReplyState,
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
    code: String,
    detail: &'static str,
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
            error: message.error.map(|code| Failure { detail: explain(&code), code }),
            created_at: message.created_at,
            completed_at: message.completed_at,
        }
    }
}

/// What a reply's error means to the person who waited for it.
fn explain(code: &str) -> &'static str {
    match code {
        "content_blocked" => "The model's filters refused this. The message was given back; try other words.",
        "quota_exhausted" => "The model's quota is spent for now. The message was given back; try again later.",
        "model_unavailable" => "The model could not be reached. The message was given back; try again.",
        "attempts_exhausted" => "The model could not answer, several times. The message was given back; try again.",
        "empty_answer" => "The model answered nothing. The message was given back; try again.",
        _ => "No answer could be made. The message was given back; try again.",
    }
}

/// A message that was accepted, with the reply to look for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Accepted)]
pub(crate) struct AcceptedView {
    message: MessageView,
    reply: MessageView,
    allowance: Allowance,
}

impl From<Accepted> for AcceptedView {
    fn from(accepted: Accepted) -> Self {
        Self { message: accepted.message.into(), reply: accepted.reply.into(), allowance: accepted.allowance }
    }
}
