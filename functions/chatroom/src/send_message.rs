//! `POST /chatroom/{chatroom}/message`

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use shared::db::Db;
use shared::db::messages::{self, Accept, Accepted};
use shared::domain::{ChatroomId, Clock, Content, Limits, Timestamp};
use shared::http::{Code, Error, Json, Path, Result, rate_limit};
use shared::queue::{ReplyJob, ReplyQueues};
use utoipa::ToSchema;

use crate::idempotency::IdempotencyKey;
use crate::views::AcceptedView;
use crate::writer::Sender;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SendMessageRequest)]
pub(crate) struct Request {
    content: Content,
}

/// Accepts a message and has it answered; the reply is read later.
#[utoipa::path(
    post, path = "/chatroom/{chatroom}/message", tag = "Messages", security(("bearer" = [])),
    params(("chatroom" = ChatroomId, Path, description = "The room."), ("Idempotency-Key" = Option<String>, Header, description = "The client's name for this send: repeating it sends nothing twice.", pattern = "^[!-~]{1,255}$", example = "7c0f5f5e-4b7a-4b8e-9a0e-6d2c1b3a4f5d")),
    summary = "Send a message",
    description = "Accepts a message and has it answered. Read the reply at `Location`, with `wait` if you like. One message of the day's allowance is charged.",
    request_body = Request,
    responses((status = 202, body = AcceptedView, description = "Accepted; the reply is on its way.",
            headers(("Location" = String, description = "The reply's address."))),
        (status = 400, description = "idempotency_key_invalid"), (status = 422, description = "idempotency_key_reused"),
        (status = 429, description = "allowance_spent")),
)]
#[expect(clippy::too_many_arguments, reason = "the signature tells all")]
pub(crate) async fn send_message(
    State(db): State<Db>,
    State(queues): State<ReplyQueues>,
    State(limits): State<Limits>,
    State(clock): State<Clock>,
    caller: Sender,
    Path(room): Path<ChatroomId>,
    IdempotencyKey(key): IdempotencyKey,
    Json(request): Json<Request>,
) -> Result<Response> {
    let now = clock.now();
    match messages::accept(&db, caller.user, room, &request.content, key.as_deref(), limits, now).await? {
        Accept::Stored(accepted) | Accept::Repeated(accepted) => {
            enqueue(&queues, room, &accepted).await;
            Ok(answer(room, *accepted, now))
        }
        Accept::KeyReused => Err(Error::Unprocessable(
            Code::IdempotencyKeyReused,
            "This Idempotency-Key belongs to another message.",
            "/content",
        )),
        Accept::NoSuchRoom => Err(Error::NotFound("chatroom")),
        Accept::AllowanceSpent(tier, allowance) => Err(Error::AllowanceSpent(tier, allowance, now)),
    }
}

/// Puts a stored reply on its queue. If that fails nothing is lost: the row is pending, and `maintenance` sends it.
pub(crate) async fn enqueue(queues: &ReplyQueues, room: ChatroomId, accepted: &Accepted) {
    if accepted.reply.state.is_final() {
        return;
    }
    let job = ReplyJob { chatroom_id: room, reply_id: accepted.reply.id };
    if let Err(error) = queues.send(accepted.tier, job).await {
        tracing::warn!(%error, reply = %job.reply_id, "a reply is left to maintenance");
    }
}

/// 202 with the reply's address and what is left of the day.
pub(crate) fn answer(room: ChatroomId, accepted: Accepted, now: Timestamp) -> Response {
    use axum::http::{StatusCode, header::LOCATION};
    use axum::response::{AppendHeaders, IntoResponse};
    let location = format!("/chatroom/{room}/message/{}", accepted.reply.id);
    let limits = rate_limit(&accepted.allowance, accepted.allowance.resets_at.since(now));
    let body = Json(AcceptedView::from(accepted));
    (StatusCode::ACCEPTED, [(LOCATION, location)], AppendHeaders(limits), body).into_response()
}
