//! `POST /subscription/cancel`

use axum::extract::State;
use serde::Deserialize;
use shared::db::customers::Customer;
use shared::domain::SubscriptionState;
use shared::http::{Error, Json, ProblemCode, Result};
use shared::stripe::Billing;
use shared::stripe::objects::Anything;
use utoipa::ToSchema;

use crate::buyer::Buyer;
use crate::change::change;
use crate::problems::{PAYMENT_PENDING, refused};
use crate::views::SubscriptionView;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CancelRequest)]
pub(crate) struct Request {}

shared::refusals!(NoSubscription, PaymentPending, AlreadyCancelled, SubscriptionScheduled, BillingUserLimit);

const ALREADY_CANCELLED: Error =
    Error::refused(ProblemCode::AlreadyCancelled, "The subscription is already set to end.");

/// Cancel the subscription
///
/// Cancels the subscription at the end of the paid period.
#[utoipa::path(
    post, path = "/subscription/cancel", tag = "Subscription", security(("bearer" = [])),
    request_body = Request,
    responses(
        (status = 200, body = SubscriptionView, description = "The subscription as it is now.",
            example = json!({ "cancel_at": "2026-12-23T12:00:00.000Z" })),
        Refusals,
    ),
)]
pub(crate) async fn cancel_subscription(
    State(billing): State<Billing>,
    Buyer(user): Buyer,
    Json(Request {}): Json<Request>,
) -> Result<Json<SubscriptionView>> {
    change(&billing, user, async |customer, id| schedule(customer, id, &billing).await).await
}

async fn schedule(customer: &Customer, id: &str, billing: &Billing) -> Result<()> {
    if customer.subscription.state == SubscriptionState::Incomplete {
        return Err(PAYMENT_PENDING);
    }
    if customer.subscription.cancel_at.is_some() {
        return Err(ALREADY_CANCELLED);
    }
    // The fence is part of the operation's name: a cancellation after a reactivation is another operation.
    let operation = format!("cancel-{id}-{}", customer.version);
    let form = [("cancel_at_period_end", "true")];
    billing.stripe.post::<Anything>(&["subscriptions", id], &form, &operation).await.map_err(refused)?;
    Ok(())
}
