//! `GET /chatroom/{chatroom}/message/{message}/events`

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use shared::db::replies::{self, Progress};
use shared::domain::{ChatroomId, MessageId};
use shared::http::{Error, Result};

use crate::events::{ReplyEvent, entry};
use crate::following::Following;
use crate::reader::{Presented, Reader};
use crate::streams::Streams;

/// Follow a reply
///
/// Tells a reply while it is written, by server-sent events: `snapshot` replaces all text, `delta` is appended, `done` has the
/// message as it is stored and ends the stream, `closing` says why the server ends it before. A stream lasts a minute at
/// most; with `Last-Event-ID` the next one goes on where it ended. A user may have five at once: one more ends the oldest.
/// They may open twenty a minute.
///
/// This is the streaming door, the host of `events_url`. Whoever cannot read streams reads the message with `wait`.
#[utoipa::path(
    get, path = "/chatroom/{chatroom}/message/{message}/events", tag = "Messages", security(("bearer" = []), ("ticket" = [])),
    params(
        ("chatroom" = ChatroomId, Path, description = "The room."),
        ("message" = MessageId, Path, description = "The reply."),
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the newest event that the client has.", example = "1-7.0ed90475"),
        Presented,
    ),
    responses(
        (status = 200, body = ReplyEvent, content_type = "text/event-stream",
            description = "The events: the data of each is one line of JSON."),
    ),
)]
pub(crate) async fn follow_reply(
    State(streams): State<Streams>,
    reader: Reader,
    headers: HeaderMap,
) -> Result<Response> {
    let Reader { caller, room, reply, entries } = reader;
    let last = headers.get("last-event-id").and_then(|id| entry(reply, id.to_str().ok()?));
    let found = replies::progress(&streams.db, caller.user, room, reply).await?;
    let Progress { reply, attempt } = found.ok_or_else(|| Error::not_found("message"))?;
    let watcher = streams.place(caller.user, reply.state).await?;
    let stream = Following::new(streams, (caller.user, room), reply.into(), attempt, watcher);
    Ok(stream.resume(entries.as_deref(), last).into_response())
}
