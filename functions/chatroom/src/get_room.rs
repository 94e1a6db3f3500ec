//! `GET /chatroom/{chatroom}`

use axum::extract::State;
use serde::Serialize;
use shared::chat::MessageView;
use shared::db::messages::{self, Turns};
use shared::db::{Db, chatrooms};
use shared::domain::ChatroomId;
use shared::http::{Caller, Error, PageRequest, Path, Query, Result, Revalidated};
use utoipa::ToSchema;

use crate::paging::{listed, read_cursor};
use crate::views::{Listed, RoomView};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatroomWithMessages)]
pub(crate) struct Response {
    #[serde(flatten)]
    room: RoomView,
    messages: Listed<MessageView>,
}

/// Read a room
///
/// Returns a room with its newest messages, the oldest of them first; of long messages fewer than `limit`. The cursor
/// leads to older messages.
#[utoipa::path(
    get, path = "/chatroom/{chatroom}", tag = "Chatrooms", security(("bearer" = [])),
    params(("chatroom" = ChatroomId, Path, description = "The room."), PageRequest),
    responses((status = 200, body = Response, description = "The room."), (status = 304, description = "Not changed.")),
)]
pub(crate) async fn get_room(
    State(db): State<Db>,
    caller: Caller,
    Path(id): Path<ChatroomId>,
    Query(page): Query<PageRequest>,
) -> Result<Revalidated<Response>> {
    let turns = page.cursor.as_deref().map_or(Ok(Turns::Newest), |cursor| read_cursor(id, cursor))?;
    let room = chatrooms::find(&db, caller.user, id).await?.ok_or_else(|| Error::not_found("chatroom"))?;
    let page = messages::list(&db, caller.user, id, turns, page.limit()).await?;
    let page = page.ok_or_else(|| Error::not_found("chatroom"))?;
    Ok(Revalidated(Response { room: room.into(), messages: listed(id, turns, page) }))
}
