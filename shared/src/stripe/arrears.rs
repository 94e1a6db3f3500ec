//! Missing payments: since when, why, and where they can be paid.

use super::objects::{Invoice, InvoicePayment, List, PaymentIntent, Subscription, owed_lately, time};
use super::{Stripe, StripeError};
use crate::domain::{PaymentProblem, SubscriptionState, Timestamp};

/// What is owed on a subscription.
#[derive(Debug, Default)]
pub(super) struct Arrears {
    /// Since when the subscription is past due: since the first invoice that failed after the last one that was settled.
    /// The grace period begins then; a further invoice does not restart it.
    pub(super) since: Option<Timestamp>,
    /// What is wrong.
    pub(super) problem: Option<PaymentProblem>,
    /// Where the newest unpaid invoice can be paid.
    pub(super) url: Option<String>,
}

impl Arrears {
    /// What is owed on `subscription`, if its state says that something is.
    pub(super) async fn of(subscription: &Subscription, stripe: &Stripe) -> Result<Self, StripeError> {
        let is_paused = subscription.status == SubscriptionState::Paused;
        if !subscription.status.is_owing() && !is_paused {
            return Ok(Self::default());
        }
        let query = [("subscription", subscription.id.as_str()), ("limit", "100")];
        let invoices = stripe.get::<List<Invoice>>(&["invoices"], &query).await?.data;
        let newest = invoices.iter().filter(|invoice| invoice.is_open()).max_by_key(|invoice| invoice.due_since());
        // A paused subscription is resumed by its user. If it has an open invoice as well, that must be paid first.
        if is_paused && newest.is_none() && !subscription.is_paused_for_payment() {
            return Ok(Self { problem: Some(PaymentProblem::Paused), ..Self::default() });
        }
        let problem = match newest {
            Some(invoice) => problem(&payment_intents(stripe, &invoice.id).await?),
            None => PaymentProblem::PaymentFailed,
        };
        let owed = owed_lately(&invoices).map(Invoice::due_since).min();
        let since = owed.or_else(|| subscription.latest_invoice.as_ref().map(Invoice::due_since));
        Ok(Self {
            since: time(since),
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
