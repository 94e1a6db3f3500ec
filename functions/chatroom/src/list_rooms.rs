//! `GET /chatroom`

use axum::extract::State;
use axum::http::HeaderName;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use shared::Fault;
use shared::cache::{Cache, CachedRooms};
use shared::db::Db;
use shared::db::chatrooms::{self, Position};
use shared::domain::UserId;
use shared::http::{Auth, Bearer, Cursor, PageRequest, Query, Result};

use crate::views::{Listed, RoomView};

/// List the rooms
///
/// Returns the caller's rooms, the latest activity first.
// The first page is read from the cache, in the same round trip as the check of the session.
#[utoipa::path(
    get, path = "/chatroom", tag = "Chatrooms", security(("bearer" = [])), params(PageRequest),
    responses((status = 200, body = Listed<RoomView>, description = "A page of rooms.",
        headers(("X-Cache" = String, description = "`hit` or `miss`.")))),
)]
pub(crate) async fn list_rooms(
    State(auth): State<Auth>,
    State(cache): State<Cache>,
    State(db): State<Db>,
    bearer: Bearer,
    Query(page): Query<PageRequest>,
) -> Result<Response> {
    if !page.is_first() {
        let caller = auth.check(&bearer).await?;
        return Ok(answer("miss", read(&db, caller.user, &page).await?));
    }
    let (checked, cached) = match cache.rooms(&auth.visit(&bearer)).await {
        Ok((checked, cached)) => (Ok(checked), cached),
        Err(error) => (Err(error), CachedRooms::Bypass),
    };
    let user = auth.caller(&bearer, checked).await?.user;
    Ok(match cached {
        CachedRooms::Hit(body) => answer("hit", body),
        CachedRooms::Bypass => answer("miss", read(&db, user, &page).await?),
        CachedRooms::Miss(token) => {
            let body = read(&db, user, &page).await?;
            if let Err(error) = cache.store_rooms(user, &token, &body).await {
                tracing::warn!(%error, "the list of rooms is not cached");
            }
            answer("miss", body)
        }
    })
}

/// A page from Postgres, as JSON.
async fn read(db: &Db, user: UserId, page: &PageRequest) -> Result<String> {
    let cursor = Cursor::of(&[&"rooms", &user]);
    let after = page.cursor.as_deref().map(|text| cursor.read::<Position>(text)).transpose()?;
    let rooms = chatrooms::list(db, user, after, page.limit()).await?;
    let last = rooms.items.last().filter(|_| rooms.has_more);
    let next_cursor = last.map(|room| cursor.write(&(room.updated_at, room.id)));
    let listed = Listed { data: rooms.items.into_iter().map(RoomView::from).collect(), next_cursor };
    Ok(serde_json::to_string(&listed).map_err(|_| Fault::Bug("a list is not JSON"))?)
}

fn answer(cache: &'static str, body: String) -> Response {
    ([(CONTENT_TYPE, "application/json"), (HeaderName::from_static("x-cache"), cache)], body).into_response()
}
