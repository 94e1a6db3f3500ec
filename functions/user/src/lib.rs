//! `/user`: the caller's own account.

mod delete_me;
mod get_me;
mod update_me;

use axum::Router;
use axum::extract::FromRef;
use shared::cache::Cache;
use shared::config::{ConfigError, Env};
use shared::db::Db;
use shared::domain::{Clock, FreeCancels, Limits};
use shared::http::{Auth, FreshSignIn, edge};
use shared::stripe::Stripe;

use delete_me::Aliases;

#[derive(Debug, Clone, FromRef)]
struct App {
    auth: Auth,
    fresh: FreshSignIn,
    db: Db,
    cache: Cache,
    stripe: Stripe,
    limits: Limits,
    free: FreeCancels,
    aliases: Aliases,
    clock: Clock,
}

shared::endpoints!(App: get_me, update_me, delete_me);

/// The router of this function.
pub fn router(env: &Env, clock: Clock) -> Result<Router, ConfigError> {
    let auth = Auth::from_env(env, clock.clone())?;
    let app = App {
        db: auth.db.clone(),
        cache: auth.cache.clone(),
        auth,
        fresh: FreshSignIn::from_env(env)?,
        stripe: Stripe::from_env(env)?,
        limits: Limits::from_env(env)?,
        free: FreeCancels::from_env(env)?,
        aliases: Aliases::from_env(env)?,
        clock,
    };
    Ok(edge(endpoints().with_state(app)))
}
