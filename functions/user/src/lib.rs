//! `/user`: the caller's own account.

mod delete_me;
mod get_me;
mod update_me;

use axum::Router;
use axum::extract::FromRef;
use axum::routing::get;
use shared::auth::Auth;
use shared::cache::Cache;
use shared::config::{ConfigError, Env};
use shared::db::Db;
use shared::domain::{Clock, Limits};
use shared::http::{edge, revalidated};
use shared::stripe::Stripe;

#[derive(Debug, Clone, FromRef)]
struct App {
    auth: Auth,
    db: Db,
    cache: Cache,
    stripe: Stripe,
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
        stripe: Stripe::from_env(env)?,
        limits: Limits::from_env(env)?,
        clock,
    };
    let me = revalidated(get(get_me::get_me)).patch(update_me::update_me).delete(delete_me::delete_me);
    Ok(edge(Router::new().route("/user/me", me).with_state(app)))
}

/// The contract of these routes, for `docs/openapi.json`. Nothing that is deployed calls it.
pub fn openapi() -> utoipa::openapi::OpenApi {
    #[derive(utoipa::OpenApi)]
    #[openapi(paths(get_me::get_me, update_me::update_me, delete_me::delete_me,))]
    struct Contract;
    <Contract as utoipa::OpenApi>::openapi()
}
