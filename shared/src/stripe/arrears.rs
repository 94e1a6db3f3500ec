//! Missing payments: since when, why, and where they can be paid.

use super::objects::{Invoice, InvoicePayment, List, PaymentIntent, Subscription, time};
use super::{Stripe, StripeError};
use crate::domain::{PaymentProblem, SubscriptionState, Timestamp};

/// What is owed on a subscription.
#[derive(Debug, Default)]
pub(super) struct Arrears {
    /// Since when the oldest unpaid invoice is owed. The grace period begins then; a further invoice does not restart
    /// it.
    pub(super) since: Option<Timestamp>,
    /// What is wrong.
    pub(super) problem: Option<PaymentProblem>,
    /// Where the newest unpaid invoice can be paid.
    pub(super) url: Option<String>,
}

impl Arrears {
    /// What is owed on `subscription`, if its state says that something is.
    pub(super) async fn of(subscription: &Subscription, stripe: &Stripe) -> Result<Self, StripeError> {
        if subscription.status == SubscriptionState::Paused {
            return Ok(Self { problem: Some(PaymentProblem::Paused), ..Self::default() });
        }
        if !subscription.status.is_owing() {
            return Ok(Self::default());
        }
        let query = [("subscription", subscription.id.as_str()), ("status", "open"), ("limit", "100")];
        let open: List<Invoice> = stripe.get(&["invoices"], &query).await?;
        let newest = open.data.iter().max_by_key(|invoice| invoice.due_since());
        let problem = match newest {
            Some(invoice) => problem(&payment_intents(stripe, &invoice.id).await?),
            None => PaymentProblem::PaymentFailed,
        };
        let owed = open.data.iter().chain(subscription.latest_invoice.as_ref().filter(|_| open.data.is_empty()));
        Ok(Self {
            since: time(owed.map(Invoice::due_since).min()),
            problem: Some(problem),
            url: newest.and_then(|invoice| invoice.hosted_invoice_url.clone()),
        })
    }
}

fn problem(intents: &[PaymentIntent]) -> PaymentProblem {
    match intents.first().map(|intent| intent.status.as_str()) {
        Some("requires_action") => PaymentProblem::ActionRequired,
        Some("processing") => PaymentProblem::PaymentProcessing,
        _ => PaymentProblem::PaymentFailed,
    }
}

/// The payment intents of an invoice, the newest first, with their charges.
pub(super) async fn payment_intents(stripe: &Stripe, invoice: &str) -> Result<Vec<PaymentIntent>, StripeError> {
    let query = [("invoice", invoice), ("expand[]", "data.payment.payment_intent.latest_charge")];
    let payments: List<InvoicePayment> = stripe.get(&["invoice_payments"], &query).await?;
    Ok(payments.data.into_iter().filter_map(|payment| payment.payment.payment_intent).collect())
}
