//! `POST /subscription/cancel`

use axum::extract::State;
use serde::Deserialize;
use shared::Fault;
use shared::auth::Caller;
use shared::db::customers::{self, By};
use shared::http::{Error, Json, Result};
use shared::stripe::objects::Anything;
use shared::stripe::{Billing, State as Standing};

use crate::status;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {}

pub(crate) const NO_SUBSCRIPTION: Error = Error::Conflict("no_subscription", "There is no subscription.");

/// Lets the subscription end with the period that is paid.
pub(crate) async fn cancel(
    State(billing): State<Billing>,
    caller: Caller,
    Json(Request {}): Json<Request>,
) -> Result<Json<status::Response>> {
    let mut held = customers::hold(&billing.db, By::User(caller.user)).await?.ok_or(NO_SUBSCRIPTION)?;
    billing.refresh(&mut held).await?;
    let known = &held.customer.subscription;
    let refusal = match Standing::parse(&known.status) {
        state if state.is_over() => Some(NO_SUBSCRIPTION),
        Standing::Incomplete => {
            Some(Error::Conflict("payment_pending", "The payment of your subscription is still on its way."))
        }
        _ if known.cancel_at.is_some() => {
            Some(Error::Conflict("already_cancelled", "The subscription is to end already."))
        }
        _ => None,
    };
    if refusal.is_none() {
        let id = known.id.clone().unwrap_or_default();
        // The fence names the deed: a cancellation after a reactivation is another one.
        let deed = format!("cancel-{id}-{}", held.customer.version);
        let form = [("cancel_at_period_end", "true")];
        billing.stripe.post::<Anything>(&["subscriptions", &id], &form, &deed).await.map_err(Fault::from)?;
        billing.refresh(&mut held).await?;
    }
    held.release().await?;
    match refusal {
        Some(refusal) => Err(refusal),
        None => status::of(&billing.db, caller.user, billing.clock.now()).await,
    }
}
