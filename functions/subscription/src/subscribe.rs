//! `POST /subscribe/pro`

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::auth::Caller;
use shared::db::customers::{self, By, Checkout};
use shared::domain::Timestamp;
use shared::http::{Error, Json, Result};
use shared::stripe::Billing;
use utoipa::ToSchema;

use crate::checkout::{Offer, Opened};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SubscribeRequest)]
pub(crate) struct Request {}

/// Where the subscription is paid.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Checkout)]
pub(crate) struct Response {
    #[schema(example = "https://checkout.stripe.com/c/pay/cs_test_a1b2c3")]
    checkout_url: String,
    #[schema(example = "cs_test_a1b2c3")]
    session_id: String,
    expires_at: Timestamp,
}

/// Opens a checkout, or answers the one that is open. The row is made first and locked, so that of parallel calls one
/// makes the customer and the session, and the others find them.
#[utoipa::path(
    post, path = "/subscribe/pro", tag = "Subscription", operation_id = "subscribe_to_pro", security(("bearer" = [])),
    summary = "Subscribe to Pro",
    description = "Opens a checkout at Stripe, or answers the one that is open. The browser goes to `checkout_url`.",
    request_body = Request,
    responses(
        (status = 201, body = Response, description = "The checkout."),
        (status = 409, description = "already_subscribed, payment_pending, payment_due, subscription_paused"),
    ),
)]
pub(crate) async fn subscribe(
    State(billing): State<Billing>,
    State(offer): State<Offer>,
    caller: Caller,
    Json(Request {}): Json<Request>,
) -> Result<(StatusCode, Json<Response>)> {
    customers::make(&billing.db, caller.user, billing.clock.now()).await?;
    let held = customers::hold(&billing.db, By::User(caller.user)).await?;
    let mut held = held.ok_or(Error::Unauthenticated("The account is gone."))?;
    let opened = offer.open(&mut held, &billing).await;
    // What came about before a failure is kept: the customer, say, when no session could be made.
    held.release().await?;
    match opened? {
        Opened::Checkout(Checkout { session, url, expires_at }) => {
            Ok((StatusCode::CREATED, Json(Response { checkout_url: url, session_id: session, expires_at })))
        }
        Opened::Refused(code, detail) => Err(Error::Conflict(code, detail)),
    }
}
