//! One round trip to a store and nothing else: the minimum cost of a request that needs the store.

use std::process::ExitCode;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use shared::cache::Cache;
use shared::config::{ConfigError, Env};
use shared::db::Db;
use shared::domain::Clock;

fn main() -> ExitCode {
    shared::runtime::serve(router)
}

fn router(env: &Env, _: Clock) -> Result<Router, ConfigError> {
    let (db, cache) = (Db::from_env(env)?, Cache::from_env(env)?);
    Ok(Router::new()
        .route("/postgres", get(async |State(db): State<Db>| status(&db.ping().await)).with_state(db))
        .route("/redis", get(async |State(cache): State<Cache>| status(&cache.ping().await)).with_state(cache)))
}

fn status<E>(outcome: &Result<(), E>) -> StatusCode {
    if outcome.is_ok() { StatusCode::OK } else { StatusCode::BAD_GATEWAY }
}
