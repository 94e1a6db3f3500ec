//! `/chatroom`: rooms and their messages. A message is accepted here and answered by `gemini-worker`.

mod cancel_reply;
mod create_room;
mod delete_room;
mod get_message;
mod get_room;
mod idempotency;
mod list_messages;
mod list_rooms;
mod regenerate_reply;
mod send_message;
mod update_room;
mod views;
mod writer;

use axum::Router;
use axum::extract::FromRef;
use axum::routing::{get, post};
use shared::auth::Auth;
use shared::cache::Cache;
use shared::config::{ConfigError, Env};
use shared::db::Db;
use shared::domain::{Clock, Limits};
use shared::http::{edge, revalidated};
use shared::queue::ReplyQueues;

#[derive(Debug, Clone, FromRef)]
struct App {
    auth: Auth,
    db: Db,
    cache: Cache,
    queues: ReplyQueues,
    limits: Limits,
    clock: Clock,
}

/// The routes of this function.
pub fn router(env: &Env, clock: Clock) -> Result<Router, ConfigError> {
    let auth = Auth::from_env(env, clock.clone())?;
    let app = App {
        db: auth.db.clone(),
        cache: auth.cache.clone(),
        auth,
        queues: ReplyQueues::from_env(env)?,
        limits: Limits::from_env(env)?,
        clock,
    };
    let router = Router::new()
        .route("/chatroom", get(list_rooms::list_rooms).post(create_room::create_room))
        .route(
            "/chatroom/{chatroom}",
            revalidated(get(get_room::get_room)).patch(update_room::update_room).delete(delete_room::delete_room),
        )
        .route("/chatroom/{chatroom}/message", get(list_messages::list_messages).post(send_message::send_message))
        .route("/chatroom/{chatroom}/message/{message}", get(get_message::get_message))
        .route("/chatroom/{chatroom}/message/{message}/cancel", post(cancel_reply::cancel_reply))
        .route("/chatroom/{chatroom}/message/{message}/regenerate", post(regenerate_reply::regenerate_reply));
    Ok(edge(router.with_state(app)))
}

/// The contract of these routes, for `docs/openapi.json`. Nothing that is deployed calls it.
pub fn openapi() -> utoipa::openapi::OpenApi {
    #[derive(utoipa::OpenApi)]
    #[openapi(paths(
        create_room::create_room,
        list_rooms::list_rooms,
        get_room::get_room,
        update_room::update_room,
        delete_room::delete_room,
        list_messages::list_messages,
        send_message::send_message,
        get_message::get_message,
        cancel_reply::cancel_reply,
        regenerate_reply::regenerate_reply,
    ))]
    struct Contract;
    <Contract as utoipa::OpenApi>::openapi()
}
