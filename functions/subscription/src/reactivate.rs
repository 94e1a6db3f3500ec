//! `POST /subscription/reactivate`

use axum::extract::State;
use serde::Deserialize;
use shared::Fault;
use shared::auth::Caller;
use shared::db::customers::{self, By};
use shared::http::{Error, Json, Result};
use shared::stripe::objects::Anything;
use shared::stripe::{Billing, State as Standing};

use crate::cancel::NO_SUBSCRIPTION;
use crate::status;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {}

/// What is read of the subscription: how it was cancelled.
#[derive(Debug, Deserialize)]
struct Cancellation {
    cancel_at_period_end: bool,
}

/// Takes a cancellation back before it takes effect, whether it was made here or in the portal.
pub(crate) async fn reactivate(
    State(billing): State<Billing>,
    caller: Caller,
    Json(Request {}): Json<Request>,
) -> Result<Json<status::Response>> {
    let mut held = customers::hold(&billing.db, By::User(caller.user)).await?.ok_or(NO_SUBSCRIPTION)?;
    billing.refresh(&mut held).await?;
    let known = &held.customer.subscription;
    let refusal = match Standing::parse(&known.status) {
        state if state.is_over() => Some(NO_SUBSCRIPTION),
        _ if known.cancel_at.is_none() => Some(Error::Conflict("not_cancelled", "The subscription is not to end.")),
        _ => None,
    };
    if refusal.is_none() {
        let id = known.id.clone().unwrap_or_default();
        let deed = format!("reactivate-{id}-{}", held.customer.version);
        let path = ["subscriptions", id.as_str()];
        let cancellation: Cancellation = billing.stripe.get(&path, &[]).await.map_err(Fault::from)?;
        // Each kind of cancellation is taken back in its own way; the other one changes nothing.
        let form =
            if cancellation.cancel_at_period_end { [("cancel_at_period_end", "false")] } else { [("cancel_at", "")] };
        billing.stripe.post::<Anything>(&path, &form, &deed).await.map_err(Fault::from)?;
        billing.refresh(&mut held).await?;
    }
    held.release().await?;
    match refusal {
        Some(refusal) => Err(refusal),
        None => status::of(&billing.db, caller.user, billing.clock.now()).await,
    }
}
