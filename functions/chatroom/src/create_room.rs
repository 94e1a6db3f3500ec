//! `POST /chatroom`

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use serde::Deserialize;
use shared::cache::Cache;
use shared::db::{Db, chatrooms};
use shared::domain::{Clock, SystemPrompt, Title};
use shared::http::{ACCOUNT_GONE, Json, Result};
use utoipa::ToSchema;

use crate::callers::RoomWriter;
use crate::views::RoomView;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateRoomRequest)]
pub(crate) struct Request {
    title: Option<Title>,
    system_prompt: Option<SystemPrompt>,
}

/// Make a room
///
/// Makes a room. Without a title it is called "New chat".
#[utoipa::path(
    post, path = "/chatroom", tag = "Chatrooms", security(("bearer" = [])),
    request_body = Request,
    responses((status = 201, body = RoomView, description = "The room.",
        headers(("Location" = String, description = "Its address.")))),
)]
pub(crate) async fn create_room(
    State(db): State<Db>,
    State(cache): State<Cache>,
    State(clock): State<Clock>,
    caller: RoomWriter,
    Json(request): Json<Request>,
) -> Result<impl IntoResponse> {
    let title = request.title.unwrap_or_default();
    let room = chatrooms::create(&db, caller.user, &title, request.system_prompt.as_ref(), clock.now()).await?;
    let room = room.ok_or(ACCOUNT_GONE)?;
    caller.written(&cache).await;
    let location = format!("/chatroom/{}", room.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(RoomView::from(room))))
}
