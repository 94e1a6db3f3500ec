//! `POST /chatroom/{chatroom}/message`

use axum::extract::State;
use serde::Deserialize;
use shared::chat::{AcceptedView, Desk, IdempotencyKey, MessageSender};
use shared::domain::{ChatroomId, Content};
use shared::http::{Json, Path, Result};
use utoipa::ToSchema;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SendMessageRequest)]
pub(crate) struct Request {
    content: Content,
}

shared::refusals!(IdempotencyKeyInvalid, IdempotencyKeyReused, AllowanceSpent, TooManyUnfinished);

/// Send a message
///
/// Accepts a message, which is answered in the background. Follow the reply at `events_url` while it is written, or read it
/// at `Location`, with `wait` if you like. The send is charged to the day's allowance.
///
/// At the streaming door the same request with `Accept: text/event-stream` is followed in its own response: the first
/// event, `accepted`, holds what the 202 would.
#[utoipa::path(
    post, path = "/chatroom/{chatroom}/message", tag = "Messages", security(("bearer" = [])),
    params(
        ("chatroom" = ChatroomId, Path, description = "The room."),
        ("Idempotency-Key" = Option<String>, Header, pattern = "^[!-~]{1,255}$",
            description = "The client's name for this send: a repeated send with the same key is not stored twice.",
            example = "7c0f5f5e-4b7a-4b8e-9a0e-6d2c1b3a4f5d"),
    ),
    request_body = Request,
    responses(
        (status = 202, body = AcceptedView, description = "Accepted; the reply is pending.",
            headers(("Location" = String, description = "The reply's address, relative to that of the request."))),
        Refusals,
    ),
)]
pub(crate) async fn send_message(
    State(desk): State<Desk>,
    sender: MessageSender,
    Path(room): Path<ChatroomId>,
    key: IdempotencyKey,
    Json(Request { content }): Json<Request>,
) -> Result<AcceptedView> {
    desk.send(sender, room, &key, &content).await
}
