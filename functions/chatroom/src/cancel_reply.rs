//! `POST /chatroom/{chatroom}/message/{message}/cancel`

use axum::extract::State;
use shared::cache::{Cache, newest_text};
use shared::db::Db;
use shared::db::replies::{self, Cancel};
use shared::domain::{ChatroomId, Clock, FreeCancels, MessageId, ReplyState};
use shared::http::{Caller, Error, Json, Path, Result};
use shared::telemetry;

use shared::chat::MessageView;

/// Cancel a reply
///
/// Stops an unfinished reply. The message is refunded if the model had not begun, up to a few times a day. A reply that
/// has ended is returned as it is. The reply may be named by its own id or by the id of the message it answers: then the
/// latest one is meant.
#[utoipa::path(
    post, path = "/chatroom/{chatroom}/message/{message}/cancel", tag = "Messages", security(("bearer" = [])),
    params(
        ("chatroom" = ChatroomId, Path, description = "The room."),
        ("message" = MessageId, Path, description = "The message or reply."),
    ),
    responses(
        (status = 200, body = MessageView, description = "The reply as it is now.", example = json!({
            "state": "cancelled", "content": "Begin in Alfama", "finish_reason": null, "usage": null
        })),
    ),
)]
pub(crate) async fn cancel_reply(
    State(db): State<Db>,
    State(cache): State<Cache>,
    State(free): State<FreeCancels>,
    State(clock): State<Clock>,
    caller: Caller,
    Path((room, id)): Path<(ChatroomId, MessageId)>,
) -> Result<Json<MessageView>> {
    let named = replies::latest(&db, caller.user, room, id).await?.ok_or_else(|| Error::not_found("message"))?;
    let reply = if named.state.is_final() {
        named
    } else {
        let text = seen(&cache, named.id).await;
        match replies::cancel(&db, caller.user, room, named.id, &text, free, clock.now()).await? {
            Cancel::Cancelled(reply, tier) => {
                telemetry::replies::ended(reply.state, None, tier, reply.created_at, clock.now());
                *reply
            }
            Cancel::AlreadyFinal(reply) => *reply,
            Cancel::NoSuchReply => return Err(Error::not_found("message")),
        }
    };
    // Also when it was cancelled before: perhaps nobody could be told then.
    if reply.state == ReplyState::Cancelled
        && let Err(error) = cache.reply_ended(room, reply.id).await
    {
        tracing::warn!(%error, "neither the worker nor those who watch were told of a cancelled reply");
    }
    Ok(Json(reply.into()))
}

/// The text of a reply that those who watch have seen. It is kept: what was on a screen does not vanish by a cancel.
async fn seen(cache: &Cache, reply: MessageId) -> String {
    let entries = cache.live_entries(reply).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "the worker stores the text of a cancelled reply a little later");
        Vec::new()
    });
    newest_text(&entries).map(|(_, text)| text).unwrap_or_default()
}
