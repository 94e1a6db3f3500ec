//! `GET /chatroom/{chatroom}`

use axum::extract::State;
use serde::Serialize;
use shared::auth::Caller;
use shared::db::messages::{self, Window};
use shared::db::{Db, chatrooms};
use shared::domain::ChatroomId;
use shared::http::{Error, Json, Page, Path, Query, Result};
use utoipa::ToSchema;

use crate::list_messages::{Place, listed};
use crate::views::{Listed, MessageView, RoomView};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatroomWithMessages)]
pub(crate) struct Response {
    #[serde(flatten)]
    room: RoomView,
    messages: Listed<MessageView>,
}

/// A room with its newest messages.
#[utoipa::path(
    get, path = "/chatroom/{chatroom}", tag = "Chatrooms", security(("bearer" = [])),
    params(("chatroom" = ChatroomId, Path, description = "The room."), Page),
    summary = "Read a room",
    description = "A room with its newest messages, the oldest of them first. The cursor leads to older ones.",
    responses((status = 200, body = Response, description = "The room."), (status = 304, description = "As it was.")),
)]
pub(crate) async fn get_room(
    State(db): State<Db>,
    caller: Caller,
    Path(id): Path<ChatroomId>,
    Query(page): Query<Page>,
) -> Result<Json<Response>> {
    let window = match page.cursor.as_deref() {
        Some(cursor) => Place::read(id, cursor)?.window(),
        None => Window::Newest,
    };
    let room = chatrooms::find(&db, caller.user, id).await?.ok_or(Error::NotFound("chatroom"))?;
    let page = messages::list(&db, caller.user, id, window, page.limit()).await?.ok_or(Error::NotFound("chatroom"))?;
    Ok(Json(Response { room: room.into(), messages: listed(id, window, page) }))
}
