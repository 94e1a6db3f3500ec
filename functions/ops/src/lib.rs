//! `ops`: health, the state of the queues, the contract; and the 404 of every path that no function has.

mod accept;
mod docs;
mod get_health;
mod get_queue_statistics;
mod list_problems;
mod model_health;
mod newcomer;
mod operator;
mod root;

use axum::Router;
use axum::extract::FromRef;
use shared::cache::Cache;
use shared::config::{ConfigError, Env};
use shared::db::Db;
use shared::domain::Clock;
use shared::http::edge;

use crate::get_queue_statistics::Watched;
use crate::newcomer::Newcomer;
use crate::operator::Operators;

#[derive(Debug, Clone, FromRef)]
struct App {
    db: Db,
    cache: Cache,
    clock: Clock,
    newcomer: Newcomer,
    operators: Operators,
    watched: Watched,
}

shared::endpoints!(App: get_health, list_problems, get_queue_statistics);

/// The router of this function. The gateway's `$default` route leads here too and gets the edge's 404.
pub fn router(env: &Env, clock: Clock) -> Result<Router, ConfigError> {
    let cache = Cache::from_env(env)?;
    let app = App {
        db: Db::from_env(env)?,
        operators: Operators::from_env(env, cache.clone(), clock.clone())?,
        cache,
        clock,
        newcomer: Newcomer::from_env(env)?,
        watched: Watched::from_env(env)?,
    };
    let shows_docs = env.parsed("DOCS_ENABLED", false)?;
    let routes = endpoints().merge(root::routes(shows_docs));
    let routes = if shows_docs { routes.merge(docs::routes()) } else { routes };
    Ok(edge(routes.with_state(app)))
}
