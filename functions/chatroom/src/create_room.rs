//! `POST /chatroom`

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use serde::Deserialize;
use shared::cache::Cache;
use shared::db::Db;
use shared::db::chatrooms::{self, Create};
use shared::domain::{Bounds, Clock, SystemPrompt, Title};
use shared::http::{ACCOUNT_GONE, Error, Json, ProblemCode, Result};
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

shared::refusals!(TooManyRooms);

const TOO_MANY: Error = Error::RateLimited(
    ProblemCode::TooManyRooms,
    "You have as many rooms as you may have. Delete one first.",
    Duration::from_mins(1),
);

/// Make a room
///
/// Makes a room. Without a title it is called "New chat".
#[utoipa::path(
    post, path = "/chatroom", tag = "Chatrooms", security(("bearer" = [])),
    request_body = Request,
    responses((status = 201, body = RoomView, description = "The room.",
        headers(("Location" = String, description = "Its address, relative to that of the request."))), Refusals),
)]
pub(crate) async fn create_room(
    State(db): State<Db>,
    State(cache): State<Cache>,
    State(bounds): State<Bounds>,
    State(clock): State<Clock>,
    caller: RoomWriter,
    Json(request): Json<Request>,
) -> Result<impl IntoResponse> {
    let title = request.title.unwrap_or_default();
    let prompt = request.system_prompt.as_ref();
    let made = chatrooms::create(&db, caller.user, &title, prompt, bounds, clock.now()).await?;
    caller.written(&cache).await;
    let room = match made {
        Create::Made(room) => room,
        Create::TooManyRooms => return Err(TOO_MANY),
        Create::NoAccount => return Err(ACCOUNT_GONE),
    };
    let location = format!("/chatroom/{}", room.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(RoomView::from(room))))
}
