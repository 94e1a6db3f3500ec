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
/// `accepted`, holds what the 202 would. A client that loses it resumes at `events_url`. A user who opens too many streams gets
/// the 202.
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
    let (user, first) = (sender.0.user, events::accepted(&accepted));
    // The message is accepted, whether there is a place for a stream or not.
    let Ok(watcher) = streams.place(user, accepted.reply.state).await else { return Ok(accepted.into_response()) };
    let stream = Following::new(streams, (user, room), accepted.reply, 0, watcher).resume(Some(&[]), None);
    Ok(stream.after(first).into_response())
}

/// Whether the client accepts a stream of events (RFC 9110, section 12.5.1). A weight of 0 refuses it (section 12.4.2).
fn wants_events(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let is_named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("text/event-stream"));
        is_named && !parts.any(is_refusal)
    })
}

/// Whether a parameter is the weight 0: `q=0`, with up to three decimals.
fn is_refusal(parameter: &str) -> bool {
    let weight = parameter.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
    weight.is_some_and(|(_, value)| value.trim().parse::<f32>() == Ok(0.0))
}
