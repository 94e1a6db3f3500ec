//! `POST /chatroom/{chatroom}/message/{message}/regenerate`

use axum::extract::State;
use axum::response::Response;
use shared::db::Db;
use shared::db::replies::{self, Regenerate};
use shared::domain::{ChatroomId, Clock, Limits, MessageId};
use shared::http::{Code, Error, Path, Result};
use shared::queue::ReplyQueues;

use crate::send_message::{answer, enqueue};
use crate::views::AcceptedView;
use crate::writer::Sender;

/// Has a message answered once more, charged like a send; earlier replies stay as alternatives. The message may be
/// named by its own id or by that of a reply to it.
#[utoipa::path(
    post, path = "/chatroom/{chatroom}/message/{message}/regenerate", tag = "Messages", security(("bearer" = [])),
    params(("chatroom" = ChatroomId, Path, description = "The room."), ("message" = MessageId, Path, description = "The message or reply.")),
    summary = "Have a message answered again",
    description = "Makes another reply, charged like a send; earlier ones stay. The message may be named by a reply to it.",
    responses((status = 202, body = AcceptedView, description = "Accepted; the reply is on its way.",
            headers(("Location" = String, description = "The reply's address."))),
        (status = 409, description = "reply_unfinished"), (status = 429, description = "allowance_spent")),
)]
pub(crate) async fn regenerate_reply(
    State(db): State<Db>,
    State(queues): State<ReplyQueues>,
    State(limits): State<Limits>,
    State(clock): State<Clock>,
    caller: Sender,
    Path((room, id)): Path<(ChatroomId, MessageId)>,
) -> Result<Response> {
    let now = clock.now();
    match replies::regenerate(&db, caller.user, room, id, limits, now).await? {
        Regenerate::Stored(accepted) => {
            enqueue(&queues, room, &accepted).await;
            Ok(answer(room, *accepted, now))
        }
        Regenerate::Unfinished => {
            Err(Error::Conflict(Code::ReplyUnfinished, "A reply to this message is still under way."))
        }
        Regenerate::NoSuchMessage => Err(Error::NotFound("message")),
        Regenerate::AllowanceSpent(tier, allowance) => Err(Error::AllowanceSpent(tier, allowance, now)),
    }
}
