//! `POST /subscription/reactivate`

use axum::extract::State;
use serde::Deserialize;
use shared::Fault;
use shared::auth::Caller;
use shared::db::customers::{self, By, Held};
use shared::http::{Code, Error, Json, Result};
use shared::stripe::objects::Anything;
use shared::stripe::{Billing, State as Standing};
use utoipa::ToSchema;

use crate::cancel::NO_SUBSCRIPTION;
use crate::status;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReactivateRequest)]
pub(crate) struct Request {}

/// What is read of the subscription: how it was cancelled.
#[derive(Debug, Deserialize)]
struct Cancellation {
    cancel_at_period_end: bool,
}

/// Takes a cancellation back before it takes effect, whether it was made here or in the portal.
#[utoipa::path(
    post, path = "/subscription/reactivate", tag = "Subscription", operation_id = "reactivate_subscription", security(("bearer" = [])),
    summary = "Take a cancellation back",
    description = "While the period that is paid lasts.",
    request_body = Request,
    responses(
        (status = 200, body = status::Response, description = "The subscription as it is now."),
        (status = 409, description = "no_subscription, not_cancelled"),
    ),
)]
pub(crate) async fn reactivate(
    State(billing): State<Billing>,
    caller: Caller,
    Json(Request {}): Json<Request>,
) -> Result<Json<status::Response>> {
    let mut held = customers::hold(&billing.db, By::User(caller.user)).await?.ok_or(NO_SUBSCRIPTION)?;
    let outcome = unschedule(&mut held, &billing).await;
    // Kept after a failure as well: the next attempt is to be another deed.
    held.release().await?;
    outcome?;
    status::of(&billing.db, caller.user, billing.clock.now()).await
}

async fn unschedule(held: &mut Held, billing: &Billing) -> Result<()> {
    billing.refresh(held).await?;
    let known = &held.customer.subscription;
    let state = Standing::parse(&known.status);
    let Some(id) = known.id.clone().filter(|_| !state.is_over()) else { return Err(NO_SUBSCRIPTION) };
    if known.cancel_at.is_none() {
        return Err(Error::Conflict(Code::NotCancelled, "The subscription is not to end."));
    }
    let path = ["subscriptions", id.as_str()];
    let cancellation: Cancellation = billing.stripe.get(&path, &[]).await.map_err(Fault::from)?;
    // Each kind of cancellation is taken back in its own way; the other one changes nothing.
    let form =
        if cancellation.cancel_at_period_end { [("cancel_at_period_end", "false")] } else { [("cancel_at", "")] };
    let deed = format!("reactivate-{id}-{}", held.customer.version);
    billing.stripe.post::<Anything>(&path, &form, &deed).await.map_err(Fault::from)?;
    Ok(billing.refresh(held).await?)
}
