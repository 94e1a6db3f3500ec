//! `PATCH /chatroom/{chatroom}`

use axum::extract::State;
use serde::Deserialize;
use shared::cache::Cache;
use shared::db::{Db, chatrooms};
use shared::domain::{ChatroomId, Clock, SystemPrompt, Title};
use shared::http::{Error, Json, Path, Result};

use crate::patch::given;
use crate::views::RoomView;
use crate::writer::Writer;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    title: Option<Title>,
    #[serde(default, deserialize_with = "given")]
    system_prompt: Option<Option<SystemPrompt>>,
}

/// Changes a room's title, or its prompt for the replies to come; a prompt of `null` is none.
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
