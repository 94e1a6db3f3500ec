//! `DELETE /chatroom/{chatroom}`

use axum::extract::State;
use axum::http::StatusCode;
use shared::cache::Cache;
use shared::db::{Db, chatrooms};
use shared::domain::ChatroomId;
use shared::http::{Error, Path, Result};

use crate::writer::Writer;

/// Deletes a room with its messages and stops the replies under way; those are given back.
#[utoipa::path(
    delete, path = "/chatroom/{chatroom}", tag = "Chatrooms", security(("bearer" = [])), params(("chatroom" = ChatroomId, Path, description = "The room.")),
    summary = "Delete a room",
    description = "Deletes a room with its messages. Replies under way are stopped and given back.",
    responses((status = 204, description = "It is gone.")),
)]
pub(crate) async fn delete_room(
    State(db): State<Db>,
    State(cache): State<Cache>,
    caller: Writer,
    Path(id): Path<ChatroomId>,
) -> Result<StatusCode> {
    let unanswered = chatrooms::delete(&db, caller.user, id).await?;
    caller.written(&cache).await;
    let unanswered = unanswered.ok_or(Error::NotFound("chatroom"))?;
    if let Err(error) = cache.stop_replies(&unanswered).await {
        tracing::warn!(%error, "replies of a deleted room are made in vain");
    }
    Ok(StatusCode::NO_CONTENT)
}
