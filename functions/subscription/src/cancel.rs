//! `POST /subscription/cancel`

use axum::extract::State;
use serde::Deserialize;
use shared::Fault;
use shared::auth::Caller;
use shared::db::customers::{self, By, Held};
use shared::http::{Code, Error, Json, Result};
use shared::stripe::objects::Anything;
use shared::stripe::{Billing, State as Standing};
use utoipa::ToSchema;

use crate::status;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CancelRequest)]
pub(crate) struct Request {}

pub(crate) const NO_SUBSCRIPTION: Error = Error::Conflict(Code::NoSubscription, "There is no subscription.");

/// Lets the subscription end with the period that is paid.
#[utoipa::path(
    post, path = "/subscription/cancel", tag = "Subscription", operation_id = "cancel_subscription", security(("bearer" = [])),
    summary = "Cancel the subscription",
    description = "It ends with the period that is paid.",
    request_body = Request,
    responses(
        (status = 200, body = status::Response, description = "The subscription as it is now."),
        (status = 409, description = "no_subscription, payment_pending, already_cancelled"),
    ),
)]
pub(crate) async fn cancel(
    State(billing): State<Billing>,
    caller: Caller,
    Json(Request {}): Json<Request>,
) -> Result<Json<status::Response>> {
    let mut held = customers::hold(&billing.db, By::User(caller.user)).await?.ok_or(NO_SUBSCRIPTION)?;
    let outcome = schedule(&mut held, &billing).await;
    // Kept after a failure as well: the next attempt is to be another deed.
    held.release().await?;
    outcome?;
    status::of(&billing.db, caller.user, billing.clock.now()).await
}

async fn schedule(held: &mut Held, billing: &Billing) -> Result<()> {
    billing.refresh(held).await?;
    let known = &held.customer.subscription;
    let state = Standing::parse(&known.status);
    let Some(id) = known.id.clone().filter(|_| !state.is_over()) else { return Err(NO_SUBSCRIPTION) };
    if state == Standing::Incomplete {
        return Err(Error::Conflict(Code::PaymentPending, "The payment of your subscription is still on its way."));
    }
    if known.cancel_at.is_some() {
        return Err(Error::Conflict(Code::AlreadyCancelled, "The subscription is to end already."));
    }
    // The fence names the deed: a cancellation after a reactivation is another one.
    let deed = format!("cancel-{id}-{}", held.customer.version);
    let form = [("cancel_at_period_end", "true")];
    billing.stripe.post::<Anything>(&["subscriptions", &id], &form, &deed).await.map_err(Fault::from)?;
    Ok(billing.refresh(held).await?)
}
