//! `POST /chatroom/{chatroom}/message/{message}/regenerate`

use axum::extract::State;
use shared::chat::{AcceptedView, Desk, MessageSender, TOO_MANY_UNFINISHED};
use shared::db::Db;
use shared::db::replies::{self, NewReply, Regenerate};
use shared::domain::{Bounds, ChatroomId, Clock, Limits, MessageId};
use shared::http::{Error, Path, ProblemCode, Result};

shared::refusals!(ReplyUnfinished, AllowanceSpent, TooManyUnfinished);

const UNFINISHED: Error = Error::refused(ProblemCode::ReplyUnfinished, "A reply to this message is not finished yet.");

/// Make another reply
///
/// Makes another reply to a message. It is charged like a send; earlier replies are kept. The message may be named by
/// its own id or by the id of a reply to it.
#[utoipa::path(
    post, path = "/chatroom/{chatroom}/message/{message}/regenerate", tag = "Messages", security(("bearer" = [])),
    params(
        ("chatroom" = ChatroomId, Path, description = "The room."),
        ("message" = MessageId, Path, description = "The message or reply."),
    ),
    responses(
        (status = 202, body = AcceptedView, description = "Accepted; the reply is pending.",
            headers(("Location" = String, description = "The reply's address, relative to that of the request.")),
            example = json!({ "reply": { "id": "01a207b2-386a-7160-8266-50d836f675cc" } })),
        Refusals,
    ),
)]
pub(crate) async fn regenerate_reply(
    State(db): State<Db>,
    State(desk): State<Desk>,
    State(limits): State<Limits>,
    State(bounds): State<Bounds>,
    State(clock): State<Clock>,
    sender: MessageSender,
    Path((room, message)): Path<(ChatroomId, MessageId)>,
) -> Result<AcceptedView> {
    let now = clock.now();
    match replies::regenerate(&db, &NewReply { user: sender.0.user, room, message, limits, bounds, now }).await? {
        Regenerate::Stored(accepted) => Ok(desk.hand_on(sender, room, *accepted).await),
        Regenerate::Unfinished => Err(UNFINISHED),
        Regenerate::NoSuchMessage => Err(Error::not_found("message")),
        Regenerate::AllowanceSpent(tier, allowance) => Err(Error::AllowanceSpent(tier, allowance, now)),
        Regenerate::TooManyUnfinished => Err(TOO_MANY_UNFINISHED),
    }
}
