//! `PATCH /chatroom/{chatroom}`

use axum::extract::State;
use serde::Deserialize;
use shared::cache::Cache;
use shared::db::{Db, chatrooms};
use shared::domain::{ChatroomId, Clock, SystemPrompt, Title};
use shared::http::{Error, Json, Path, Result, given};
use utoipa::ToSchema;

use crate::views::RoomView;
use crate::writer::Writer;

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

/// Changes a room's title, or its prompt for the replies to come; a prompt of `null` is none.
#[utoipa::path(
    patch, path = "/chatroom/{chatroom}", tag = "Chatrooms", security(("bearer" = [])), params(("chatroom" = ChatroomId, Path, description = "The room.")),
    summary = "Change a room",
    description = "Changes the title, or the prompt for the replies to come; a prompt of `null` is none.",
    request_body = Request,
    responses((status = 200, body = RoomView, description = "The room as it is now.")),
)]
pub(crate) async fn update_room(
    State(db): State<Db>,
    State(cache): State<Cache>,
    State(clock): State<Clock>,
    caller: Writer,
    Path(id): Path<ChatroomId>,
    Json(request): Json<Request>,
) -> Result<Json<RoomView>> {
    let prompt = request.system_prompt.as_ref().map(Option::as_ref);
    let room = chatrooms::update(&db, caller.user, id, request.title.as_ref(), prompt, clock.now()).await?;
    caller.written(&cache).await;
    Ok(Json(room.ok_or(Error::NotFound("chatroom"))?.into()))
}
