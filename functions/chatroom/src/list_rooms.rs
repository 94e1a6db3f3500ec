//! `GET /chatroom`

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use shared::Fault;
use shared::auth::{Auth, Bearer, Caller};
use shared::cache::CachedRooms;
use shared::db::chatrooms::{self, Position};
use shared::http::{Cursor, Page, Query, Result};

use crate::views::{Listed, RoomView};

/// The caller's rooms, the latest activity first. The first page comes from the cache: one round trip, with the check
/// of the session in it.
#[utoipa::path(
    get, path = "/chatroom", tag = "Chatrooms", security(("bearer" = [])), params(Page),
    summary = "List the rooms",
    description = "The caller's rooms, the latest activity first.",
    responses((status = 200, body = Listed<RoomView>, description = "A page of rooms.",
        headers(("X-Cache" = String, description = "`hit` or `miss`.")))),
)]
pub(crate) async fn list_rooms(State(auth): State<Auth>, bearer: Bearer, Query(page): Query<Page>) -> Result<Response> {
    if !page.is_first() {
        let mark = auth.cache.session(bearer.session).await;
        let caller = auth.caller(&bearer, mark).await?;
        return Ok(answer("miss", read(&auth, caller, &page).await?));
    }
    let (mark, cached) = match auth.cache.rooms(bearer.user, bearer.session).await {
        Ok((mark, cached)) => (Ok(mark), cached),
        Err(error) => (Err(error), CachedRooms::Bypass),
    };
    let caller = auth.caller(&bearer, mark).await?;
    Ok(match cached {
        CachedRooms::Hit(body) => answer("hit", body),
        CachedRooms::Bypass => answer("miss", read(&auth, caller, &page).await?),
        CachedRooms::Miss(token) => {
            let body = read(&auth, caller, &page).await?;
            if let Err(error) = auth.cache.store_rooms(caller.user, &token, &body).await {
                tracing::warn!(%error, "the list of rooms is not cached");
            }
            answer("miss", body)
        }
    })
}

/// A page from Postgres, as JSON.
async fn read(auth: &Auth, caller: Caller, page: &Page) -> Result<String> {
    let cursor = Cursor::of(&[&"rooms", &caller.user]);
    let after = page.cursor.as_deref().map(|text| cursor.read::<Position>(text)).transpose()?;
    let (rooms, more) = chatrooms::list(&auth.db, caller.user, after, page.limit()).await?;
    let last = rooms.last().filter(|_| more).map(|room| cursor.write(&(room.updated_at, room.id)));
    let listed = Listed { data: rooms.into_iter().map(RoomView::from).collect(), next_cursor: last };
    Ok(serde_json::to_string(&listed).map_err(|_| Fault::Bug("a list is not JSON"))?)
}

fn answer(cache: &'static str, body: String) -> Response {
    ([(CONTENT_TYPE, "application/json"), (axum::http::HeaderName::from_static("x-cache"), cache)], body)
        .into_response()
}
