//! `POST /chatroom/{chatroom}/message/{message}/cancel`

use axum::extract::State;
use shared::auth::Caller;
use shared::cache::Cache;
use shared::db::Db;
use shared::db::replies::{self, Cancel};
use shared::domain::{ChatroomId, Clock, MessageId};
use shared::http::{Error, Json, Path, Result};

use crate::views::MessageView;

/// Calls off a reply. Given back if no attempt at it was under way; a reply that has ended stays as it is.
#[utoipa::path(
    post, path = "/chatroom/{chatroom}/message/{message}/cancel", tag = "Messages", security(("bearer" = [])),
    params(("chatroom" = ChatroomId, Path, description = "The room."), ("message" = MessageId, Path, description = "The message or reply.")),
    summary = "Cancel a reply",
    description = "Calls off a reply. The message is given back if the model had not begun. A reply that has ended stays as it is.",
    responses((status = 200, body = MessageView, description = "The reply as it is now.")),
)]
pub(crate) async fn cancel_reply(
    State(db): State<Db>,
    State(cache): State<Cache>,
    State(clock): State<Clock>,
    caller: Caller,
    Path((room, id)): Path<(ChatroomId, MessageId)>,
) -> Result<Json<MessageView>> {
    let reply = match replies::cancel(&db, caller.user, room, id, clock.now()).await? {
        Cancel::Cancelled(reply) => reply,
        Cancel::AlreadyFinal(reply) => return Ok(Json((*reply).into())),
        Cancel::NoSuchReply => return Err(Error::NotFound("message")),
    };
    let stopped = [id];
    let told = tokio::try_join!(cache.stop_replies(&stopped), cache.room_changed(room));
    if let Err(error) = told {
        tracing::warn!(%error, "a cancelled reply is made in vain");
    }
    Ok(Json((*reply).into()))
}
