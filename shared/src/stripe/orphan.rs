//! Payments for a deleted account: the subscription is ended and the money is refunded.

use super::arrears::payment_intents;
use super::objects::{Anything, Invoice, Subscription, time};
use super::{Stripe, StripeError};
use crate::db::customers::Customer;
use crate::domain::Timestamp;
use crate::telemetry;

/// Ends the running subscriptions of a customer without an account, and refunds what was paid for them. Returns whether
/// anything changed at Stripe. The refund comes first: if this fails, a running subscription is found again.
pub(super) async fn settle(
    stripe: &Stripe,
    customer: &Customer,
    subscriptions: &[Subscription],
    now: Timestamp,
) -> Result<bool, StripeError> {
    let mut changed = false;
    for subscription in subscriptions {
        let runs = !subscription.status.is_over();
        let paid_late = |invoice: &&Invoice| {
            let paid_at = time(invoice.status_transitions.paid_at);
            invoice.amount_paid > 0 && (runs || customer.closed_at.is_some_and(|closed| paid_at >= Some(closed)))
        };
        let mut flag = runs;
        if let Some(invoice) = subscription.latest_invoice.as_ref().filter(paid_late) {
            flag |= refund(stripe, invoice).await?;
        }
        if runs {
            cancel(stripe, &subscription.id).await?;
        }
        if flag {
            tracing::error!(customer = %customer.id, subscription = subscription.id, "paid for a deleted account");
            telemetry::count("OrphanedPayment", 1, now);
        }
        changed |= flag;
    }
    Ok(changed)
}

/// Ends a subscription now. One that has ended is left as it is.
pub(super) async fn cancel(stripe: &Stripe, subscription: &str) -> Result<(), StripeError> {
    match stripe.delete::<Anything>(&["subscriptions", subscription]).await {
        Err(error) if !error.is_missing() => Err(error),
        _ => Ok(()),
    }
}

/// Refunds what was paid of an invoice, once. Returns whether there was something to refund. If Stripe refuses the
/// refund (of a disputed payment, for example), people must act.
async fn refund(stripe: &Stripe, invoice: &Invoice) -> Result<bool, StripeError> {
    let mut given_back = false;
    for intent in payment_intents(stripe, &invoice.id).await? {
        let charged = intent.latest_charge.filter(|charge| charge.paid && charge.amount_refunded == 0);
        if charged.is_none() {
            continue;
        }
        given_back = true;
        let form = [("payment_intent", intent.id.as_str()), ("reason", "requested_by_customer")];
        match stripe.post::<Anything>(&["refunds"], &form, &format!("refund-{}", intent.id)).await {
            Err(StripeError::Refused(refusal)) if matches!(refusal.status, 400 | 402) => {
                tracing::error!(invoice = invoice.id, %refusal, "a refund was refused");
            }
            Err(error) => return Err(error),
            Ok(Anything {}) => {}
        }
    }
    Ok(given_back)
}
