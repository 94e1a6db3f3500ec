//! `DELETE /chatroom/{chatroom}`

use axum::extract::State;
use axum::http::StatusCode;
use shared::cache::Cache;
use shared::db::{Db, chatrooms, messages};
use shared::domain::{ChatroomId, FreeCancels};
use shared::http::{Error, Path, Result};

use crate::callers::RoomWriter;

/// Delete a room
///
/// Deletes a room with its messages. Unfinished replies are called off: those that the model had not begun are refunded,
/// up to a few a day.
#[utoipa::path(
    delete, path = "/chatroom/{chatroom}", tag = "Chatrooms", security(("bearer" = [])),
    params(("chatroom" = ChatroomId, Path, description = "The room.")),
    responses((status = 204, description = "The room is deleted.")),
)]
pub(crate) async fn delete_room(
    State(db): State<Db>,
    State(cache): State<Cache>,
    State(free): State<FreeCancels>,
    caller: RoomWriter,
    Path(id): Path<ChatroomId>,
) -> Result<StatusCode> {
    messages::clear(&db, caller.user, Some(id)).await?;
    let unfinished = chatrooms::delete(&db, caller.user, id, free).await?;
    caller.written(&cache).await;
    let unfinished = unfinished.ok_or_else(|| Error::not_found("chatroom"))?;
    if let Err(error) = cache.replies_deleted(&unfinished).await {
        tracing::warn!(%error, "workers were not told to stop the replies of a deleted room");
    }
    Ok(StatusCode::NO_CONTENT)
}
