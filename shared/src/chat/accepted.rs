//! An accepted message as clients see it.

use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::MessageView;
use crate::domain::{Allowance, ChatroomId, Timestamp};
use crate::http::{Json, rate_limit};

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
    "allowance": { "limit": 5, "used": 2, "remaining": 3, "resets_at": "2026-11-24T00:00:00.000Z" },
    "events_url": "https://stream.example.com/chatroom/01a207af-d21c-7f3a-8f0e-2b7c9c1d4e5f/message/01a207af-efbc-781e-ba38-5d940ed90475/events?ticket=2026a.AaIHr-8kfzqPDit8nB1OXw.9mX2"
}))]
pub struct AcceptedView {
    /// The user's message.
    pub message: MessageView,
    /// Its reply, which is made now.
    pub reply: MessageView,
    allowance: Allowance,
    /// Where the reply is followed while it is written, by server-sent events. It holds a ticket that is valid for ten
    /// minutes, for this reply alone.
    events_url: String,
    #[serde(skip)]
    room: ChatroomId,
    #[serde(skip)]
    now: Timestamp,
}

impl AcceptedView {
    pub(super) fn new(
        room: ChatroomId,
        (message, reply): (MessageView, MessageView),
        allowance: Allowance,
        events_url: String,
        now: Timestamp,
    ) -> Self {
        Self { message, reply, allowance, events_url, room, now }
    }
}

/// 202 with the reply's address, and the day's allowance as headers too.
impl IntoResponse for AcceptedView {
    fn into_response(self) -> Response {
        let location = format!("/chatroom/{}/message/{}", self.room, self.reply.id);
        let limits = rate_limit(&self.allowance, self.allowance.resets_at.since(self.now));
        (StatusCode::ACCEPTED, [(LOCATION, location)], AppendHeaders(limits), Json(self)).into_response()
    }
}
