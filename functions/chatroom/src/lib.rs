//! `/chatroom`: rooms and their messages. A message is accepted here and answered by `gemini-worker`.

mod callers;
mod cancel_reply;
mod create_events_ticket;
mod create_room;
mod delete_room;
mod get_message;
mod get_room;
mod list_messages;
mod list_rooms;
mod paging;
mod regenerate_reply;
mod send_message;
mod update_room;
mod views;
mod wait;

use axum::Router;
use axum::extract::FromRef;
use shared::cache::Cache;
use shared::chat::{Desk, StreamDoor};
use shared::config::{ConfigError, Env};
use shared::db::Db;
use shared::domain::{Bounds, Clock, FreeCancels, Limits};
use shared::http::{Auth, edge};

use crate::wait::Waiter;

#[derive(Debug, Clone, FromRef)]
struct App {
    auth: Auth,
    db: Db,
    cache: Cache,
    desk: Desk,
    door: StreamDoor,
    limits: Limits,
    bounds: Bounds,
    free: FreeCancels,
    waiter: Waiter,
    clock: Clock,
}

shared::endpoints!(
    App: create_room, list_rooms, get_room, update_room, delete_room,
    list_messages, send_message, get_message, cancel_reply, regenerate_reply, create_events_ticket,
);

/// The router of this function.
pub fn router(env: &Env, clock: Clock) -> Result<Router, ConfigError> {
    let auth = Auth::from_env(env, clock.clone())?;
    let waiter = Waiter::from_env(env, auth.cache.clone(), auth.db.clone(), clock.clone())?;
    let door = StreamDoor::from_env(env)?;
    let app = App {
        db: auth.db.clone(),
        cache: auth.cache.clone(),
        desk: Desk::from_env(env, auth.db.clone(), door.clone(), clock.clone())?,
        auth,
        door,
        limits: Limits::from_env(env)?,
        bounds: Bounds::from_env(env)?,
        free: FreeCancels::from_env(env)?,
        waiter,
        clock,
    };
    Ok(edge(endpoints().with_state(app)))
}
