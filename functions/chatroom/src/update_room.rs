//! `PATCH /chatroom/{chatroom}`

use axum::extract::State;
use serde::Deserialize;
use shared::cache::Cache;
use shared::db::Db;
use shared::db::chatrooms::{self, Changes};
use shared::domain::{ChatroomId, Clock, SystemPrompt, Title};
use shared::http::{Error, Json, Path, Result, given};
use utoipa::ToSchema;

use crate::callers::RoomWriter;
use crate::views::RoomView;

#[derive(Debug, Deserialize, ToSchema)]
#[expect(clippy::option_option, reason = "absent, null and given are three different things")]
#[serde(deny_unknown_fields)]
#[schema(as = UpdateRoomRequest)]
pub(crate) struct Request {
    title: Option<Title>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<SystemPrompt>)]
    system_prompt: Option<Option<SystemPrompt>>,
}

/// Change a room
///
/// Changes the title, the system prompt, or both. The prompt applies to later replies; `null` removes it.
#[utoipa::path(
    patch, path = "/chatroom/{chatroom}", tag = "Chatrooms", security(("bearer" = [])),
    params(("chatroom" = ChatroomId, Path, description = "The room.")),
    request_body = Request,
    responses((status = 200, body = RoomView, description = "The room as it is now.")),
)]
pub(crate) async fn update_room(
    State(db): State<Db>,
    State(cache): State<Cache>,
    State(clock): State<Clock>,
    caller: RoomWriter,
    Path(id): Path<ChatroomId>,
    Json(Request { title, system_prompt }): Json<Request>,
) -> Result<Json<RoomView>> {
    let changes = Changes { title: title.as_ref(), system_prompt: system_prompt.as_ref().map(Option::as_ref) };
    let room = chatrooms::update(&db, caller.user, id, changes, clock.now()).await?;
    caller.written(&cache).await;
    Ok(Json(room.ok_or_else(|| Error::not_found("chatroom"))?.into()))
}
