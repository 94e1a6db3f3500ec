//! The customer of a deleted account is deleted at Stripe too, once nothing is owed by either side.
//!
//! Stripe keeps the invoices and payments of a deleted customer, and can still refund them; it removes the means of
//! payment. <https://docs.stripe.com/api/customers/delete>

use super::objects::{Anything, Charge, Dispute, List, Subscription};
use super::{Stripe, StripeError};

/// Deletes a customer without an account, unless something is to be settled first. Returns whether Stripe has deleted it.
/// Every later sync tries again.
pub(super) async fn erase(
    stripe: &Stripe,
    customer: &str,
    subscriptions: &[Subscription],
) -> Result<bool, StripeError> {
    if let Some(matter) = unsettled(stripe, customer, subscriptions).await? {
        tracing::info!(customer, matter, "the customer of a deleted account is kept for now");
        return Ok(false);
    }
    match stripe.delete::<Anything>(&["customers", customer]).await {
        Err(error) if !error.is_missing() => Err(error),
        _ => Ok(true),
    }
}

/// What is to be settled before a customer can go; `None` if nothing is.
async fn unsettled(
    stripe: &Stripe,
    customer: &str,
    subscriptions: &[Subscription],
) -> Result<Option<&'static str>, StripeError> {
    if subscriptions.iter().any(|subscription| !subscription.status.is_over()) {
        return Ok(Some("a subscription"));
    }
    let open = [("customer", customer), ("status", "open"), ("limit", "1")];
    if !stripe.get::<List<Anything>>(&["invoices"], &open).await?.data.is_empty() {
        return Ok(Some("an open invoice"));
    }
    let mut after: Option<String> = None;
    loop {
        let mut query = vec![("customer", customer), ("limit", "100"), ("expand[]", "data.refunds")];
        query.extend(after.as_deref().map(|after| ("starting_after", after)));
        let page: List<Charge> = stripe.get(&["charges"], &query).await?;
        for charge in &page.data {
            if let Some(matter) = unsettled_of(stripe, charge).await? {
                return Ok(Some(matter));
            }
        }
        after = page.data.last().map(|charge| charge.id.clone());
        if !page.has_more || after.is_none() {
            return Ok(None);
        }
    }
}

async fn unsettled_of(stripe: &Stripe, charge: &Charge) -> Result<Option<&'static str>, StripeError> {
    if charge.is_under_way() {
        return Ok(Some("a payment under way"));
    }
    if charge.is_being_refunded() {
        return Ok(Some("a refund under way"));
    }
    if !charge.disputed {
        return Ok(None);
    }
    let query = [("charge", charge.id.as_str()), ("limit", "100")];
    let disputes: List<Dispute> = stripe.get(&["disputes"], &query).await?;
    Ok(disputes.data.iter().any(|dispute| !dispute.is_over()).then_some("an open dispute"))
}
