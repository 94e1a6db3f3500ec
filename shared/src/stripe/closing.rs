//! Before an account is deleted: nothing may be charged for it afterwards.

use std::time::Duration;

use super::objects::Anything;
use super::orphan::cancel;
use super::{Prices, Stripe, StripeError, sync};
use crate::Fault;
use crate::db::Db;
use crate::db::customers::{self, By};
use crate::domain::{Timestamp, UserId};

/// Ends the user's subscription at once and closes the open checkout. Must be called before the account is deleted; if
/// it fails, the account is kept. May be called again.
pub async fn cancel_for_deletion(db: &Db, stripe: &Stripe, user: UserId, now: Timestamp) -> Result<(), Fault> {
    let Some(mut held) = customers::hold(db, By::User(user)).await? else { return Ok(()) };
    held.close().await?;
    if let Some(checkout) = held.customer.checkout.clone() {
        expire(stripe, &checkout.session).await?;
        held.set_checkout(None).await?;
    }
    if let Some(customer) = held.customer.stripe_id.clone() {
        let subscriptions = sync::fetch(stripe, &customer).await?.unwrap_or_default();
        for subscription in subscriptions.iter().filter(|subscription| !subscription.status.is_over()) {
            cancel(stripe, &subscription.id).await?;
        }
        // Everything is over, so neither prices nor grace can matter.
        sync::sync(&mut held, stripe, &Prices::none(), Duration::ZERO, now).await?;
    }
    held.release().await.map(drop)
}

/// Closes a checkout. If it was paid or has already closed, Stripe refuses, and it is left as it is.
async fn expire(stripe: &Stripe, session: &str) -> Result<(), StripeError> {
    let path = ["checkout", "sessions", session, "expire"];
    match stripe.post::<Anything>(&path, &[], &format!("expire-{session}")).await {
        Err(StripeError::Refused(refusal)) if matches!(refusal.status, 400 | 404) => Ok(()),
        Ok(Anything {}) => Ok(()),
        Err(error) => Err(error),
    }
}
