//! `POST /chatroom/{chatroom}/message` at the streaming door

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use shared::chat::{AcceptedView, IdempotencyKey, MessageSender};
use shared::domain::{ChatroomId, Content};
use shared::http::{Json, Path, Result};
use utoipa::ToSchema;

use crate::events::{self, ReplyEvent};
use crate::following::Following;
use crate::own_desk::OwnDesk;
use crate::streams::Streams;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SendMessageRequest)]
pub(crate) struct Request {
    content: Content,
}

shared::refusals!(IdempotencyKeyInvalid, IdempotencyKeyReused, AllowanceSpent, TooManyUnfinished);

/// Send a message
///
/// The same as at the other door. With `Accept: text/event-stream` the reply is followed in the same response: the first event,
/// `accepted`, holds what the 202 would. A client that loses it resumes at `events_url`.
#[utoipa::path(
    post, path = "/chatroom/{chatroom}/message", tag = "Messages", security(("bearer" = [])),
    params(("chatroom" = ChatroomId, Path, description = "The room.")),
    request_body = Request,
    responses(
        (status = 200, body = ReplyEvent, content_type = "text/event-stream",
            description = "At the streaming door, with `Accept: text/event-stream`: accepted, and followed."),
        (status = 202, body = AcceptedView, description = "Accepted; the reply is pending."),
        Refusals,
    ),
)]
pub(crate) async fn send_message(
    OwnDesk(desk): OwnDesk,
    State(streams): State<Streams>,
    sender: MessageSender,
    Path(room): Path<ChatroomId>,
    key: IdempotencyKey,
    headers: HeaderMap,
    Json(Request { content }): Json<Request>,
) -> Result<Response> {
    let accepted = desk.send(sender, room, &key, &content).await?;
    if !wants_events(&headers) {
        return Ok(accepted.into_response());
    }
    let first = events::accepted(&accepted);
    let (user, watcher) = (sender.0.user, streams.begin(sender.0.user).await);
    let stream = Following::new(streams, (user, room), accepted.reply, 0, watcher).resume(Some(&[]), None);
    Ok(stream.after(first).into_response())
}

/// Whether the client accepts a stream of events (RFC 9110, section 12.5.1).
fn wants_events(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut types = accepted.flat_map(|value| value.split(',')).filter_map(|item| item.split(';').next());
    types.any(|name| name.trim().eq_ignore_ascii_case("text/event-stream"))
}
