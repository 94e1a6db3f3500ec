//! Stripe's events, on `POST /webhook/stripe` of the gateway and on the root of a function URL.

mod webhook;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::routing::post;
use shared::config::{ConfigError, Env};
use shared::db::Db;
use shared::domain::Clock;
use shared::http::edge;
use shared::stripe::Billing;

use webhook::{LARGEST_EVENT, Secrets, webhook};

#[derive(Debug, Clone, FromRef)]
struct App {
    billing: Billing,
    secrets: Secrets,
}

/// The routes of this function.
pub fn router(env: &Env, clock: Clock) -> Result<Router, ConfigError> {
    let billing = Billing::from_env(env, Db::from_env(env)?, clock)?;
    let app = App { billing, secrets: Secrets::from_env(env)? };
    let routes = Router::new()
        .route("/webhook/stripe", post(webhook))
        .route("/", post(webhook))
        .layer(DefaultBodyLimit::max(LARGEST_EVENT));
    Ok(edge(routes.with_state(app)))
}

/// The contract of these routes, for `docs/openapi.json`. Nothing that is deployed calls it.
pub fn openapi() -> utoipa::openapi::OpenApi {
    #[derive(utoipa::OpenApi)]
    #[openapi(paths(webhook::webhook,))]
    struct Contract;
    <Contract as utoipa::OpenApi>::openapi()
}
