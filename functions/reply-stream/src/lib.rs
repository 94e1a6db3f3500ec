//! The streaming door: replies are followed here while they are written, by server-sent events (WHATWG HTML, section 9.2).
//!
//! - [`follow_reply`], `send_message`: the endpoints. - `reader`: who may follow. - `own_desk`: what accepts messages.
//! - `streams`: how many a user has. - `following`: one of them, from its first event to its last. - `response`: as a body.
//! - [`text`]: what the entries of Redis mean for a client.
//! - `events`: the events. - `gate`: what holds for every request.

mod cors;
mod events;
mod follow_reply;
mod following;
mod gate;
mod own_desk;
mod reader;
mod response;
mod send_message;
mod streams;
pub mod text;

use axum::Router;
use axum::extract::FromRef;
use axum::middleware::from_fn_with_state;
use shared::auth::StreamTickets;
use shared::chat::{Desk, StreamDoor};
use shared::config::{ConfigError, Env};
use shared::domain::Clock;
use shared::http::{Auth, edge};
use tower::util::option_layer;

use crate::streams::Streams;

#[derive(Debug, Clone, FromRef)]
struct App {
    auth: Auth,
    tickets: StreamTickets,
    desk: Desk,
    streams: Streams,
    clock: Clock,
}

shared::endpoints!(App: follow_reply, send_message);

/// The router of this function.
pub fn router(env: &Env, clock: Clock) -> Result<Router, ConfigError> {
    let auth = Auth::from_env(env, clock.clone())?;
    let app = App {
        tickets: StreamTickets::from_env(env)?,
        desk: Desk::from_env(env, auth.db.clone(), StreamDoor::of_itself(env)?, clock.clone())?,
        streams: Streams::from_env(env, auth.cache.clone(), auth.db.clone(), clock.clone())?,
        auth,
        clock,
    };
    let gate = from_fn_with_state(app.auth.db.clone(), gate::pass);
    Ok(edge(endpoints().with_state(app).layer(gate)).layer(option_layer(cors::layer(env)?)))
}
