//! `GET /subscription/status`

use axum::extract::State;
use serde::Serialize;
use shared::auth::Caller;
use shared::db::Db;
use shared::db::customers;
use shared::domain::{Clock, Tier, Timestamp, UserId};
use shared::http::{Json, Result};
use utoipa::ToSchema;

/// A user's subscription.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Subscription)]
pub(crate) struct Response {
    tier: Tier,
    #[schema(example = "active")]
    status: String,
    current_period_start: Option<Timestamp>,
    current_period_end: Option<Timestamp>,
    cancel_at: Option<Timestamp>,
    grace_until: Option<Timestamp>,
    payment_problem: Option<PaymentProblem>,
    portal: Option<Portal>,
}

/// What is wrong with the payment and what the user can do about it.
#[derive(Debug, Serialize, ToSchema)]
struct PaymentProblem {
    #[schema(example = "payment_failed")]
    code: String,
    #[schema(example = "The payment failed. Pay the open invoice, or change the means of payment in the portal.")]
    detail: &'static str,
    #[schema(example = "https://invoice.stripe.com/i/acct_1/test_a1b2")]
    invoice_url: Option<String>,
}

/// Where the user can change the means of payment and see everything.
#[derive(Debug, Serialize, ToSchema)]
struct Portal {
    #[schema(example = "POST")]
    method: &'static str,
    #[schema(example = "/subscription/portal")]
    path: &'static str,
}

const PORTAL: Portal = Portal { method: "POST", path: "/subscription/portal" };

/// What to say to the user about a problem.
fn advice(code: &str) -> &'static str {
    match code {
        "action_required" => "Your bank wants you to confirm the payment. Open the invoice to do so.",
        "payment_processing" => "The payment is on its way. There is nothing to do.",
        "paused" => "The trial ended without a means of payment. Add one in the portal to go on.",
        _ => "The payment failed. Pay the open invoice, or change the means of payment in the portal.",
    }
}

impl From<customers::Status> for Response {
    fn from(known: customers::Status) -> Self {
        let customers::Status { pro, grace_until, stripe_id, subscription } = known;
        let invoice_url = subscription.payment_url;
        let problem = |code: String| PaymentProblem { detail: advice(&code), code, invoice_url };
        Self {
            tier: Tier::of(pro),
            status: subscription.status,
            current_period_start: subscription.period_start,
            current_period_end: subscription.period_end,
            cancel_at: subscription.cancel_at,
            grace_until,
            payment_problem: subscription.payment_problem.map(problem),
            portal: stripe_id.map(|_| PORTAL),
        }
    }
}

/// The user's subscription as the database has it.
pub(crate) async fn of(db: &Db, user: UserId, now: Timestamp) -> Result<Json<Response>> {
    let none = || customers::Status { pro: false, grace_until: None, stripe_id: None, subscription: <_>::default() };
    let known = customers::status(db, user, now).await?.unwrap_or_else(none);
    Ok(Json(known.into()))
}

/// Tells the state of the caller's subscription.
#[utoipa::path(
    get, path = "/subscription/status", tag = "Subscription", operation_id = "get_subscription_status", security(("bearer" = [])),
    summary = "Read the subscription",
    description = "The plan and what is due. `status` is `none` without a subscription, else as Stripe has it.",
    responses((status = 200, body = Response, description = "The subscription.")),
)]
pub(crate) async fn status(State(db): State<Db>, State(clock): State<Clock>, caller: Caller) -> Result<Json<Response>> {
    of(&db, caller.user, clock.now()).await
}
