//! An accepted message: it is sent to the worker and returned to the client.

use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::Serialize;
use shared::db::messages::Accepted;
use shared::domain::{Allowance, ChatroomId, Timestamp};
use shared::http::{Error, Json, ProblemCode, rate_limit};
use shared::queue::{ReplyJob, ReplyQueues};
use utoipa::ToSchema;

use crate::views::MessageView;

/// A message that was accepted, with its pending reply.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Accepted, example = json!({
    "message": {
        "id": "01a207af-efbc-7953-9767-c9f81818e811", "role": "user", "state": "completed",
        "content": "We have two days in Lisbon in May and love small restaurants. What should we not miss?",
        "in_reply_to": null, "model": null, "finish_reason": null, "usage": null, "error": null,
        "created_at": "2026-11-23T12:00:00.000Z", "completed_at": "2026-11-23T12:00:00.000Z"
    },
    "reply": {
        "id": "01a207af-efbc-781e-ba38-5d940ed90475", "role": "assistant", "state": "pending", "content": "",
        "in_reply_to": "01a207af-efbc-7953-9767-c9f81818e811", "model": null, "finish_reason": null, "usage": null,
        "error": null, "created_at": "2026-11-23T12:00:00.000Z", "completed_at": null
    },
    "allowance": { "limit": 5, "used": 2, "remaining": 3, "resets_at": "2026-11-24T00:00:00.000Z" }
}))]
pub(crate) struct AcceptedView {
    message: MessageView,
    reply: MessageView,
    allowance: Allowance,
}

/// The refusal of another reply while too many of the user's are unfinished. One ends within seconds, most often.
pub(crate) const TOO_MANY_UNFINISHED: Error = Error::RateLimited(
    ProblemCode::TooManyUnfinished,
    "Too many replies are unfinished. Wait for one, or cancel one.",
    Duration::from_secs(5),
);

/// Puts a stored reply on its queue and returns 202 with the reply's address and the day's allowance. If the queue
/// fails, nothing is lost: the row is pending, and `maintenance` sends it.
pub(crate) async fn respond(queues: &ReplyQueues, room: ChatroomId, accepted: Accepted, now: Timestamp) -> Response {
    let Accepted { message, reply, tier, allowance } = accepted;
    if !reply.state.is_final() {
        let job = ReplyJob { chatroom_id: room, reply_id: reply.id };
        if let Err(error) = queues.send(tier, job).await {
            tracing::warn!(%error, reply = %job.reply_id, "a reply is left to maintenance");
        }
    }
    let location = format!("/chatroom/{room}/message/{}", reply.id);
    let limits = rate_limit(&allowance, allowance.resets_at.since(now));
    let body = Json(AcceptedView { message: message.into(), reply: reply.into(), allowance });
    (StatusCode::ACCEPTED, [(LOCATION, location)], AppendHeaders(limits), body).into_response()
}
