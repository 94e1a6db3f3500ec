//! `POST /subscribe/pro`

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::db::customers::{self, By, Checkout};
use shared::domain::Timestamp;
use shared::http::{ACCOUNT_GONE, Json, Result};
use shared::stripe::Billing;
use utoipa::ToSchema;

use crate::buyer::Buyer;
use crate::checkout::{Offer, Opened};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SubscribeRequest)]
pub(crate) struct Request {}

/// Where the subscription is paid.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Checkout, example = json!({
    "checkout_url": "https://checkout.stripe.com/c/pay/cs_test_a1b2c3", "session_id": "cs_test_a1b2c3",
    "expires_at": "2026-11-24T12:00:00.000Z"
}))]
pub(crate) struct Response {
    checkout_url: String,
    session_id: String,
    expires_at: Timestamp,
}

shared::refusals!(
    AlreadySubscribed,
    OtherSubscription,
    PaymentPending,
    PaymentDue,
    SubscriptionPaused,
    BillingUserLimit
);

/// Subscribe to Pro
///
/// Opens a checkout at Stripe, or returns the one that is open. Send the browser to `checkout_url`.
// The row is made first and locked: one of parallel calls makes the customer and the session, the others find them.
#[utoipa::path(
    post, path = "/subscribe/pro", tag = "Subscription", security(("bearer" = [])),
    request_body = Request,
    responses((status = 201, body = Response, description = "The checkout."), Refusals),
)]
pub(crate) async fn subscribe_to_pro(
    State(billing): State<Billing>,
    State(offer): State<Offer>,
    Buyer(user): Buyer,
    Json(Request {}): Json<Request>,
) -> Result<(StatusCode, Json<Response>)> {
    customers::make(&billing.db, user, billing.clock.now()).await?;
    let held = customers::hold(&billing.db, By::User(user)).await?;
    let mut held = held.ok_or(ACCOUNT_GONE)?;
    let opened = offer.open(&mut held, &billing).await;
    // What was stored before a failure is committed: for example the customer, if no session could be made.
    held.release().await?;
    match opened? {
        Opened::Checkout(Checkout { session, url, expires_at }) => {
            Ok((StatusCode::CREATED, Json(Response { checkout_url: url, session_id: session, expires_at })))
        }
        Opened::Refused(refusal) => Err(refusal),
    }
}
