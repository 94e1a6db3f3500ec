//! Changing a running subscription under its lock.

use shared::db::customers::{self, By, Customer, Held};
use shared::domain::UserId;
use shared::http::{Json, Result};
use shared::stripe::Billing;

use crate::problems::NO_SUBSCRIPTION;
use crate::views::{SubscriptionView, subscription_of};

/// Performs `operation` on the user's subscription, given its customer and its id as Stripe has them now. Returns the
/// subscription as it is afterwards.
pub(crate) async fn change(
    billing: &Billing,
    user: UserId,
    operation: impl AsyncFnOnce(&Customer, &str) -> Result<()>,
) -> Result<Json<SubscriptionView>> {
    let mut held = customers::hold(&billing.db, By::User(user)).await?.ok_or(NO_SUBSCRIPTION)?;
    let outcome = perform(&mut held, billing, operation).await;
    // Stored even after a failure, so that the next attempt is another operation.
    held.release().await?;
    outcome?;
    subscription_of(&billing.db, user, billing.clock.now()).await
}

async fn perform(
    held: &mut Held,
    billing: &Billing,
    operation: impl AsyncFnOnce(&Customer, &str) -> Result<()>,
) -> Result<()> {
    billing.sync_held(held).await?;
    let known = &held.customer.subscription;
    let Some(id) = known.id.clone().filter(|_| !known.state.is_over()) else { return Err(NO_SUBSCRIPTION) };
    operation(&held.customer, &id).await?;
    Ok(billing.sync_held(held).await?)
}
