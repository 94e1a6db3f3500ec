//! `/subscribe` and `/subscription`: a user's paid plan. What Stripe's events change comes in by `stripe-webhook`.
//!
//! Every change is made at Stripe while the customer's row is locked (`shared::db::customers::Held`), and the answer is
//! what Stripe says afterwards.

mod cancel;
mod checkout;
mod history;
mod portal;
mod reactivate;
mod status;
mod subscribe;

use axum::Router;
use axum::extract::FromRef;
use axum::routing::{get, post};
use shared::auth::Auth;
use shared::config::{ConfigError, Env};
use shared::db::Db;
use shared::domain::Clock;
use shared::http::edge;
use shared::stripe::{Billing, Stripe};

use checkout::Offer;
use portal::PortalReturn;

#[derive(Debug, Clone, FromRef)]
struct App {
    auth: Auth,
    db: Db,
    clock: Clock,
    stripe: Stripe,
    billing: Billing,
    offer: Offer,
    portal_return: PortalReturn,
}

/// The routes of this function.
pub fn router(env: &Env, clock: Clock) -> Result<Router, ConfigError> {
    let auth = Auth::from_env(env, clock.clone())?;
    let billing = Billing::from_env(env, auth.db.clone(), clock.clone())?;
    let app = App {
        db: auth.db.clone(),
        auth,
        clock,
        stripe: billing.stripe.clone(),
        billing,
        offer: Offer::from_env(env)?,
        portal_return: PortalReturn(env.required("PORTAL_RETURN_URL")?.into()),
    };
    let routes = Router::new()
        .route("/subscribe/pro", post(subscribe::subscribe))
        .route("/subscription/status", get(status::status))
        .route("/subscription/cancel", post(cancel::cancel))
        .route("/subscription/reactivate", post(reactivate::reactivate))
        .route("/subscription/portal", post(portal::portal))
        .route("/subscription/history", get(history::history));
    Ok(edge(routes.with_state(app)))
}

/// The contract of these routes, for `docs/openapi.json`. Nothing that is deployed calls it.
pub fn openapi() -> utoipa::openapi::OpenApi {
    #[derive(utoipa::OpenApi)]
    #[openapi(paths(
        subscribe::subscribe,
        status::status,
        cancel::cancel,
        reactivate::reactivate,
        portal::portal,
        history::history,
    ))]
    struct Contract;
    <Contract as utoipa::OpenApi>::openapi()
}
