//! Receives Stripe's events, on `POST /webhook/stripe` of the gateway and on the root of a function URL.

mod receive_stripe_event;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::routing::post;
use shared::config::{ConfigError, Env};
use shared::db::Db;
use shared::domain::Clock;
use shared::http::{LARGEST_EVENT, edge};
use shared::stripe::Billing;

use receive_stripe_event::{Secrets, receive_stripe_event};

#[derive(Debug, Clone, FromRef)]
struct App {
    billing: Billing,
    secrets: Secrets,
}

shared::endpoints!(App: receive_stripe_event);

/// The router of this function. The function URL uses the root path.
pub fn router(env: &Env, clock: Clock) -> Result<Router, ConfigError> {
    let billing = Billing::from_env(env, Db::from_env(env)?, clock)?;
    let app = App { billing, secrets: Secrets::from_env(env)? };
    let routes = endpoints().route("/", post(receive_stripe_event)).layer(DefaultBodyLimit::max(LARGEST_EVENT));
    Ok(edge(routes.with_state(app)))
}
