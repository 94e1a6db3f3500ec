//! `POST /chatroom/{chatroom}/message/{message}/events-ticket`

use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use shared::chat::StreamDoor;
use shared::db::Db;
use shared::db::messages;
use shared::domain::{ChatroomId, Clock, MessageId, Timestamp};
use shared::http::{Caller, Error, Json, Path, Result};
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventsTicket, example = json!({
    "events_url": "https://stream.example.com/chatroom/01a207af-d21c-7f3a-8f0e-2b7c9c1d4e5f/message/01a207af-efbc-781e-ba38-5d940ed90475/events?ticket=2026a.AaIHr-8kfzqPDit8nB1OXw.9mX2",
    "expires_at": "2026-11-23T12:10:00.000Z"
}))]
pub(crate) struct Response {
    /// Where the reply is followed, with a ticket for it alone.
    events_url: String,
    /// When the ticket expires. A stream that it opened goes on.
    expires_at: Timestamp,
}

/// Get an address to follow a reply
///
/// Returns an address that the browser's own `EventSource` can open, since it sends no `Authorization` header. Clients that
/// read the stream themselves send the access token instead.
#[utoipa::path(
    post, path = "/chatroom/{chatroom}/message/{message}/events-ticket", tag = "Messages", security(("bearer" = [])),
    params(
        ("chatroom" = ChatroomId, Path, description = "The room."),
        ("message" = MessageId, Path, description = "The reply."),
    ),
    responses((status = 201, body = Response, description = "The address.")),
)]
pub(crate) async fn create_events_ticket(
    State(db): State<Db>,
    State(door): State<StreamDoor>,
    State(clock): State<Clock>,
    caller: Caller,
    Path((room, reply)): Path<(ChatroomId, MessageId)>,
) -> Result<(StatusCode, Json<Response>)> {
    let message = messages::find(&db, caller.user, room, reply).await?;
    if !message.is_some_and(|message| message.is_reply()) {
        return Err(Error::not_found("message"));
    }
    let (events_url, expires_at) = door.events_url(caller, room, reply, clock.now());
    Ok((StatusCode::CREATED, Json(Response { events_url, expires_at })))
}
