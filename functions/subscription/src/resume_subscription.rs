//! `POST /subscription/resume`

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
use crate::problems::refused;
use crate::views::SubscriptionView;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ResumeRequest)]
pub(crate) struct Request {}

shared::refusals!(NoSubscription, NotPaused, PaymentMethodMissing, PaymentDue, SubscriptionScheduled, BillingUserLimit);

const NOT_PAUSED: Error = Error::refused(ProblemCode::NotPaused, "The subscription is not paused.");

/// Resume a paused subscription
///
/// Resumes a paused subscription: a new period begins and is paid. If the payment fails, the subscription stays paused,
/// and `payment_problem` says what to do.
#[utoipa::path(
    post, path = "/subscription/resume", tag = "Subscription", security(("bearer" = [])),
    request_body = Request,
    responses((status = 200, body = SubscriptionView, description = "The subscription as it is now."), Refusals),
)]
pub(crate) async fn resume_subscription(
    State(billing): State<Billing>,
    Buyer(user): Buyer,
    Json(Request {}): Json<Request>,
) -> Result<Json<SubscriptionView>> {
    change(&billing, user, async |customer, id| resume(customer, id, &billing).await).await
}

async fn resume(customer: &Customer, id: &str, billing: &Billing) -> Result<()> {
    if customer.subscription.state != SubscriptionState::Paused {
        return Err(NOT_PAUSED);
    }
    let operation = format!("resume-{id}-{}", customer.version);
    // It stays paused until it is paid, and Stripe retries the payment: nobody is Pro without paying.
    let form = [("billing_cycle_anchor", "now"), ("payment_behavior", "resume_on_payment_success")];
    let path = ["subscriptions", id, "resume"];
    billing.stripe.post::<Anything>(&path, &form, &operation).await.map_err(refused)?;
    Ok(())
}
