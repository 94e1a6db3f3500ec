//! `POST /chatroom/{chatroom}/message`

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use shared::db::Db;
use shared::db::messages::{self, Accept, NewMessage};
use shared::domain::{Bounds, ChatroomId, Clock, Content, Limits};
use shared::http::{Error, Json, Path, ProblemCode, Result};
use shared::queue::ReplyQueues;
use utoipa::ToSchema;

use crate::accepted::{self, AcceptedView, TOO_MANY_UNFINISHED};
use crate::callers::MessageSender;
use crate::idempotency::IdempotencyKey;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SendMessageRequest)]
pub(crate) struct Request {
    content: Content,
}

shared::refusals!(IdempotencyKeyInvalid, IdempotencyKeyReused, AllowanceSpent, TooManyUnfinished);

const KEY_REUSED: Error = Error::RefusedField(
    ProblemCode::IdempotencyKeyReused,
    "This Idempotency-Key belongs to another message.",
    "/content",
);

/// Send a message
///
/// Accepts a message, which is answered in the background. Read the reply at `Location`, with `wait` if you like. The
/// send is charged to the day's allowance.
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
#[expect(clippy::too_many_arguments, reason = "the signature tells all that is used")]
pub(crate) async fn send_message(
    State(db): State<Db>,
    State(queues): State<ReplyQueues>,
    State(limits): State<Limits>,
    State(bounds): State<Bounds>,
    State(clock): State<Clock>,
    caller: MessageSender,
    Path(room): Path<ChatroomId>,
    IdempotencyKey(key): IdempotencyKey,
    Json(Request { content }): Json<Request>,
) -> Result<Response> {
    let now = clock.now();
    let new = NewMessage { user: caller.user, room, content: &content, key: key.as_deref(), limits, bounds, now };
    match messages::accept(&db, &new).await? {
        Accept::Stored(accepted) | Accept::Repeated(accepted) => {
            Ok(accepted::respond(&queues, room, *accepted, now).await)
        }
        Accept::KeyReused => Err(KEY_REUSED),
        Accept::NoSuchRoom => Err(Error::not_found("chatroom")),
        Accept::AllowanceSpent(tier, allowance) => Err(Error::AllowanceSpent(tier, allowance, now)),
        Accept::TooManyUnfinished => Err(TOO_MANY_UNFINISHED),
    }
}
