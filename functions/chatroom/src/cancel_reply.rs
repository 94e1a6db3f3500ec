//! `POST /chatroom/{chatroom}/message/{message}/cancel`

use axum::extract::State;
use shared::cache::{Cache, newest_text};
use shared::db::Db;
use shared::db::messages::Message;
use shared::db::replies::{self, Cancel};
use shared::domain::{ChatroomId, Clock, FreeCancels, MessageId};
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
    let (mut reply, tier) = match replies::cancel(&db, caller.user, room, id, free, clock.now()).await? {
        Cancel::Cancelled(reply, tier) => (reply, tier),
        Cancel::AlreadyFinal(reply) => return Ok(Json((*reply).into())),
        Cancel::NoSuchReply => return Err(Error::not_found("message")),
    };
    telemetry::replies::ended(reply.state, None, tier, reply.created_at, clock.now());
    if let Some(text) = seen(&cache, &reply).await
        && let Some(kept) = replies::keep_text(&db, reply.id, &text).await?
    {
        *reply = kept;
    }
    if let Err(error) = cache.reply_ended(room, reply.id).await {
        tracing::warn!(%error, "neither the worker nor those who watch were told of a cancelled reply");
    }
    Ok(Json((*reply).into()))
}

/// The text of a reply that those who watch have seen. It is kept: what was on a screen does not vanish by a cancel.
async fn seen(cache: &Cache, reply: &Message) -> Option<String> {
    let entries = cache.live_entries(reply.id).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "the worker stores the text of a cancelled reply a little later");
        Vec::new()
    });
    newest_text(&entries).map(|(_, text)| text).filter(|text| !text.is_empty())
}
