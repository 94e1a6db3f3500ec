//! `POST /subscription/reactivate`

use axum::extract::State;
use serde::Deserialize;
use shared::Fault;
use shared::db::customers::Customer;
use shared::http::{Error, Json, ProblemCode, Result};
use shared::stripe::Billing;
use shared::stripe::objects::Anything;
use utoipa::ToSchema;

use crate::buyer::Buyer;
use crate::change::change;
use crate::problems::refused;
use crate::views::SubscriptionView;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReactivateRequest)]
pub(crate) struct Request {}

/// The part of the subscription that says how it was cancelled.
#[derive(Debug, Deserialize)]
struct Cancellation {
    cancel_at_period_end: bool,
}

shared::refusals!(NoSubscription, NotCancelled, SubscriptionScheduled, BillingUserLimit);

const NOT_CANCELLED: Error = Error::refused(ProblemCode::NotCancelled, "The subscription is not set to end.");

/// Undo a cancellation
///
/// Undoes a cancellation before it takes effect, whether it was made here or in Stripe's portal.
#[utoipa::path(
    post, path = "/subscription/reactivate", tag = "Subscription", security(("bearer" = [])),
    request_body = Request,
    responses((status = 200, body = SubscriptionView, description = "The subscription as it is now."), Refusals),
)]
pub(crate) async fn reactivate_subscription(
    State(billing): State<Billing>,
    Buyer(user): Buyer,
    Json(Request {}): Json<Request>,
) -> Result<Json<SubscriptionView>> {
    change(&billing, user, async |customer, id| unschedule(customer, id, &billing).await).await
}

async fn unschedule(customer: &Customer, id: &str, billing: &Billing) -> Result<()> {
    if customer.subscription.cancel_at.is_none() {
        return Err(NOT_CANCELLED);
    }
    let path = ["subscriptions", id];
    let cancellation: Cancellation = billing.stripe.get(&path, &[]).await.map_err(Fault::from)?;
    // Each kind of cancellation is undone by its own field; the other field changes nothing.
    let form =
        if cancellation.cancel_at_period_end { [("cancel_at_period_end", "false")] } else { [("cancel_at", "")] };
    let operation = format!("reactivate-{id}-{}", customer.version);
    billing.stripe.post::<Anything>(&path, &form, &operation).await.map_err(refused)?;
    Ok(())
}
