//! `POST /subscription/resume`

use axum::extract::State;
use serde::Deserialize;
use shared::db::customers::{self, By, Held};
use shared::domain::SubscriptionState;
use shared::http::{Caller, Error, Json, ProblemCode, Result};
use shared::stripe::Billing;
use shared::stripe::objects::Anything;
use utoipa::ToSchema;

use crate::problems::{NO_SUBSCRIPTION, refused};
use crate::views::{SubscriptionView, subscription_of};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ResumeRequest)]
pub(crate) struct Request {}

shared::refusals!(NoSubscription, NotPaused, PaymentMethodMissing, PaymentDue, SubscriptionScheduled);

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
    caller: Caller,
    Json(Request {}): Json<Request>,
) -> Result<Json<SubscriptionView>> {
    let mut held = customers::hold(&billing.db, By::User(caller.user)).await?.ok_or(NO_SUBSCRIPTION)?;
    let outcome = resume(&mut held, &billing).await;
    // Stored even after a failure, so that the next attempt is another operation.
    held.release().await?;
    outcome?;
    subscription_of(&billing.db, caller.user, billing.clock.now()).await
}

async fn resume(held: &mut Held, billing: &Billing) -> Result<()> {
    billing.sync_held(held).await?;
    let known = &held.customer.subscription;
    let Some(id) = known.id.clone().filter(|_| !known.state.is_over()) else { return Err(NO_SUBSCRIPTION) };
    if known.state != SubscriptionState::Paused {
        return Err(NOT_PAUSED);
    }
    let operation = format!("resume-{id}-{}", held.customer.version);
    // It stays paused until it is paid, and Stripe retries the payment: nobody is Pro without paying.
    let form = [("billing_cycle_anchor", "now"), ("payment_behavior", "resume_on_payment_success")];
    let path = ["subscriptions", id.as_str(), "resume"];
    billing.stripe.post::<Anything>(&path, &form, &operation).await.map_err(refused)?;
    Ok(billing.sync_held(held).await?)
}
