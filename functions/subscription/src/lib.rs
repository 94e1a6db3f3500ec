//! `/subscribe` and `/subscription`: a user's paid plan. `stripe-webhook` handles the changes of Stripe's events.
//!
//! Every change is made at Stripe while the customer's row is locked (`shared::db::customers::Held`), and the response
//! shows Stripe's state afterwards.

mod buyer;
mod cancel_subscription;
mod change;
mod checkout;
mod get_subscription_status;
mod list_invoices;
mod open_billing_portal;
mod problems;
mod reactivate_subscription;
mod resume_subscription;
mod subscribe_to_pro;
mod views;

use axum::Router;
use axum::extract::FromRef;
use shared::config::{ConfigError, Env};
use shared::db::Db;
use shared::domain::Clock;
use shared::http::{Auth, edge};
use shared::stripe::{Billing, Stripe};

use buyer::BuyerLimit;
use checkout::Offer;
use open_billing_portal::Portal;

#[derive(Debug, Clone, FromRef)]
struct App {
    auth: Auth,
    db: Db,
    clock: Clock,
    stripe: Stripe,
    billing: Billing,
    buyer_limit: BuyerLimit,
    offer: Offer,
    portal: Portal,
}

shared::endpoints!(
    App: subscribe_to_pro, get_subscription_status, cancel_subscription, reactivate_subscription,
    resume_subscription, open_billing_portal, list_invoices,
);

/// The router of this function.
pub fn router(env: &Env, clock: Clock) -> Result<Router, ConfigError> {
    let auth = Auth::from_env(env, clock.clone())?;
    let billing = Billing::from_env(env, auth.db.clone(), clock.clone())?;
    let app = App {
        db: auth.db.clone(),
        auth,
        clock,
        stripe: billing.stripe.clone(),
        billing,
        buyer_limit: BuyerLimit::from_env(env)?,
        offer: Offer::from_env(env)?,
        portal: Portal::from_env(env)?,
    };
    Ok(edge(endpoints().with_state(app)))
}
