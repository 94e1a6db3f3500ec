//! A subscription as its owner sees it.

use serde::Serialize;
use shared::db::Db;
use shared::db::customers::{self, Status};
use shared::domain::{Notice, PaymentProblem, SubscriptionState, Tier, Timestamp, UserId};
use shared::http::{Json, Result};
use utoipa::ToSchema;

/// A user's subscription.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Subscription, example = json!({
    "tier": "pro", "status": "active", "current_period_start": "2026-11-23T12:00:00.000Z",
    "current_period_end": "2026-12-23T12:00:00.000Z", "cancel_at": null, "grace_until": null, "payment_problem": null,
    "notice": null, "portal": { "method": "POST", "path": "/subscription/portal" }
}))]
pub(crate) struct SubscriptionView {
    tier: Tier,
    status: SubscriptionState,
    current_period_start: Option<Timestamp>,
    current_period_end: Option<Timestamp>,
    cancel_at: Option<Timestamp>,
    grace_until: Option<Timestamp>,
    payment_problem: Option<PaymentProblemView>,
    notice: Option<NoticeView>,
    portal: Option<Portal>,
}

/// What is wrong with the payment and what the user can do about it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PaymentProblem)]
struct PaymentProblemView {
    code: PaymentProblem,
    #[schema(example = "The payment failed. Pay the open invoice, or change the means of payment in the portal.")]
    detail: &'static str,
    #[schema(example = "https://invoice.stripe.com/i/acct_1/test_a1b2")]
    invoice_url: Option<String>,
}

/// What is unusual about the subscription, though nothing is wrong with its payment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SubscriptionNotice)]
struct NoticeView {
    code: Notice,
    #[schema(example = "This subscription is not to Pro. Cancel it before you subscribe to Pro, or ask the support.")]
    detail: &'static str,
    /// When payments are collected again, if they are paused and that is known.
    resumes_at: Option<Timestamp>,
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

/// What to say to the user about a problem of a subscription in this state.
fn advice(state: SubscriptionState, problem: PaymentProblem) -> &'static str {
    match problem {
        PaymentProblem::PaymentFailed if state == SubscriptionState::Paused => {
            "The subscription is paused, since a payment failed. Pay the open invoice or change the means of payment in \
             the portal, then resume the subscription."
        }
        PaymentProblem::ActionRequired => "Your bank wants you to confirm the payment. Open the invoice to do so.",
        PaymentProblem::PaymentProcessing => "The payment is being processed. There is nothing to do.",
        PaymentProblem::Paused => {
            "The subscription is paused. Resume it to go on; if there is no means of payment, add one in the portal first."
        }
        PaymentProblem::PaymentFailed => {
            "The payment failed. Pay the open invoice, or change the means of payment in the portal."
        }
    }
}

/// What to say to the user about a notice.
fn explanation(notice: Notice) -> &'static str {
    match notice {
        Notice::CollectionPaused => "No payments are collected at present, and Pro goes on. There is nothing to do.",
        Notice::OtherPrice => {
            "This subscription is not to Pro. Cancel it before you subscribe to Pro, or ask the support."
        }
    }
}

impl From<Status> for SubscriptionView {
    fn from(status: Status) -> Self {
        let resumes_at = status.subscription.collection_resumes_at;
        let notice = status.notice().map(|code| NoticeView { code, detail: explanation(code), resumes_at });
        let Status { tier, grace_until, stripe_id, subscription, .. } = status;
        let invoice_url = subscription.payment_url;
        let problem = |code| PaymentProblemView { code, detail: advice(subscription.state, code), invoice_url };
        Self {
            tier,
            status: subscription.state,
            current_period_start: subscription.period_start,
            current_period_end: subscription.period_end,
            cancel_at: subscription.cancel_at,
            grace_until,
            payment_problem: subscription.payment_problem.map(problem),
            notice,
            portal: stripe_id.map(|_| PORTAL),
        }
    }
}

/// The user's subscription, as stored in the database.
pub(crate) async fn subscription_of(db: &Db, user: UserId, now: Timestamp) -> Result<Json<SubscriptionView>> {
    let known = customers::status(db, user, now).await?.unwrap_or(Status::NONE);
    Ok(Json(known.into()))
}
