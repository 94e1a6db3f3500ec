//! `ops`: is it well, how full are the queues, what is the contract; and the answer to every path that no function has.

mod docs;
mod health;
mod operator;
mod problems;
mod queue;

use axum::Router;
use axum::extract::FromRef;
use axum::routing::get;
use shared::cache::Cache;
use shared::config::{ConfigError, Env};
use shared::db::Db;
use shared::domain::Clock;
use shared::http::edge;

use crate::operator::OperatorKey;
use crate::queue::Watched;

#[derive(Debug, Clone, FromRef)]
struct App {
    db: Db,
    cache: Cache,
    clock: Clock,
    key: OperatorKey,
    watched: Watched,
}

/// The routes of this function. The gateway's `$default` leads here too, and finds the edge's 404.
pub fn router(env: &Env, clock: Clock) -> Result<Router, ConfigError> {
    let app = App {
        db: Db::from_env(env)?,
        cache: Cache::from_env(env)?,
        clock,
        key: OperatorKey::from_env(env)?,
        watched: Watched::from_env(env)?,
    };
    let router = Router::new()
        .route("/health", get(health::health))
        .route("/debug/queue", get(queue::queue))
        .route("/problems", get(problems::problems));
    let router = if env.parsed("DOCS_ENABLED", false)? { router.merge(docs::routes()) } else { router };
    Ok(edge(router.with_state(app)))
}

/// The contract of these routes, for `docs/openapi.json`. Nothing that is deployed calls it.
pub fn openapi() -> utoipa::openapi::OpenApi {
    #[derive(utoipa::OpenApi)]
    #[openapi(paths(health::health, problems::problems, queue::queue,))]
    struct Contract;
    <Contract as utoipa::OpenApi>::openapi()
}
