//! `GET /chatroom/{chatroom}/message/{message}`

use axum::extract::State;
use serde::Deserialize;
use shared::cache::Cache;
use shared::db::{Db, messages};
use shared::domain::{ChatroomId, MessageId};
use shared::http::{Caller, Error, Json, Path, Query, Result};
use tokio::time::Instant;
use utoipa::IntoParams;

use crate::views::MessageView;
use crate::wait::Wait;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// How many seconds to wait until the message is final.
    #[serde(default)]
    #[param(value_type = Option<u8>, minimum = 0, maximum = 20)]
    wait: Wait,
}

/// Read a message or reply
///
/// Returns one message. With `wait`, the response comes when the message is final or the time is over.
#[utoipa::path(
    get, path = "/chatroom/{chatroom}/message/{message}", tag = "Messages", security(("bearer" = [])),
    params(
        ("chatroom" = ChatroomId, Path, description = "The room."),
        ("message" = MessageId, Path, description = "The message or reply."),
        Wanted,
    ),
    responses((status = 200, body = MessageView, description = "The message.")),
)]
pub(crate) async fn get_message(
    State(db): State<Db>,
    State(cache): State<Cache>,
    caller: Caller,
    Path((room, id)): Path<(ChatroomId, MessageId)>,
    Query(Wanted { wait }): Query<Wanted>,
) -> Result<Json<MessageView>> {
    let deadline = wait.deadline();
    loop {
        let seen = if wait.is_wanted() { cache.room_changes(room).await.ok() } else { None };
        let message = messages::find(&db, caller.user, room, id).await?;
        let message = message.ok_or_else(|| Error::not_found("message"))?;
        let left = deadline.saturating_duration_since(Instant::now());
        if message.state.is_final() || left.is_zero() {
            return Ok(Json(message.into()));
        }
        cache.wait_for_change(room, seen, left).await;
    }
}
