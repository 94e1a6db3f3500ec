//! A payment that is missing: since when, why, and where it can be made.

use super::objects::{Invoice, InvoicePayment, List, PaymentIntent, Subscription, time};
use super::{State, Stripe, StripeError};
use crate::domain::Timestamp;

/// What is owed on a subscription.
#[derive(Debug, Default)]
pub(super) struct Arrears {
    /// Since when the oldest unpaid invoice is owed: grace is counted from there, and a further invoice does not
    /// begin it anew.
    pub(super) since: Option<Timestamp>,
    /// The code of what is wrong.
    pub(super) problem: Option<&'static str>,
    /// Where the newest unpaid invoice can be paid.
    pub(super) url: Option<String>,
}

impl Arrears {
    /// What is owed on `subscription`, if its state says that something is.
    pub(super) async fn of(subscription: &Subscription, stripe: &Stripe) -> Result<Self, StripeError> {
        if subscription.status == State::Paused {
            return Ok(Self { problem: Some("paused"), ..Self::default() });
        }
        if !subscription.status.is_owing() {
            return Ok(Self::default());
        }
        let query = [("subscription", subscription.id.as_str()), ("status", "open"), ("limit", "100")];
        let open: List<Invoice> = stripe.get(&["invoices"], &query).await?;
        let newest = open.data.iter().max_by_key(|invoice| invoice.due_since());
        let problem = match newest {
            Some(invoice) => problem(&payment_intents(stripe, &invoice.id).await?),
            None => "payment_failed",
        };
        let owed = open.data.iter().chain(subscription.latest_invoice.as_ref().filter(|_| open.data.is_empty()));
        Ok(Self {
            since: time(owed.map(Invoice::due_since).min()),
            problem: Some(problem),
            url: newest.and_then(|invoice| invoice.hosted_invoice_url.clone()),
        })
    }
}

fn problem(intents: &[PaymentIntent]) -> &'static str {
    match intents.first().map(|intent| intent.status.as_str()) {
        Some("requires_action") => "action_required",
        Some("processing") => "payment_processing",
        _ => "payment_failed",
    }
}

/// The payment intents of an invoice, the newest first, with their charges.
pub(super) async fn payment_intents(stripe: &Stripe, invoice: &str) -> Result<Vec<PaymentIntent>, StripeError> {
    let query = [("invoice", invoice), ("expand[]", "data.payment.payment_intent.latest_charge")];
    let payments: List<InvoicePayment> = stripe.get(&["invoice_payments"], &query).await?;
    Ok(payments.data.into_iter().filter_map(|payment| payment.payment.payment_intent).collect())
}
