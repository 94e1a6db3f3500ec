//! Pauses and resumes a subscription, or only the collection of its payments.

use serde_json::{Value, json};

use super::billing::{Outcome, collect, text};
use super::cycle::{UPDATED, begin_period, live, open_latest};
use crate::stripe::error::ApiError;
use crate::stripe::world::World;

/// Stripe's test card that is always declined.
const DECLINED: &str = "pm_card_chargeDeclined";

/// The subscription itself is paused (`status` is `paused`), for one of Stripe's reasons.
pub(in crate::stripe) fn pause(world: &mut World, id: &str, reason: &str) -> Result<(), ApiError> {
    live(world, id)?;
    world.change(id, |subscription| {
        subscription["status"] = json!("paused");
        subscription["status_details"] =
            json!({ "paused": { "subscription": { "type": reason }, "type": "subscription" } });
        if reason == "trial_end_without_payment_method" {
            subscription["default_payment_method"] = Value::Null;
        }
    });
    world.emit("customer.subscription.paused", id);
    Ok(())
}

/// The person adds a means of payment, in the portal.
pub(in crate::stripe) fn set_card(world: &mut World, id: &str, declined: bool) -> Result<(), ApiError> {
    live(world, id)?;
    let card = if declined { DECLINED } else { "pm_card_visa" };
    world.update(UPDATED, id, |subscription| subscription["default_payment_method"] = json!(card));
    Ok(())
}

/// A paused subscription is resumed once its invoice is paid, as `resume_on_payment_success` has it.
pub(in crate::stripe) fn resume(world: &mut World, id: &str) -> Result<(), ApiError> {
    let subscription = live(world, id)?;
    if subscription["status"] != "paused" {
        return Err(ApiError::invalid("Only subscriptions with a status of `paused` can be resumed."));
    }
    let card = text(&subscription, "default_payment_method");
    if card.is_empty() {
        let message = "This customer has no attached payment source or default payment method. Please consider adding a \
                       default payment method.";
        return Err(ApiError::invalid(message));
    }
    let outcome = if card == DECLINED { Outcome::Declined } else { Outcome::Paid };
    let status = if outcome == Outcome::Paid { "active" } else { "paused" };
    match open_latest(world, &subscription) {
        Some(invoice) => collect(world, &invoice, outcome),
        None => begin_period(world, id, outcome, status),
    }
    if outcome == Outcome::Paid {
        world.change(id, |subscription| {
            subscription["status"] = json!("active");
            subscription["status_details"] = Value::Null;
        });
        world.emit("customer.subscription.resumed", id);
    }
    Ok(())
}

/// Only the collection of payments is paused; the status stays.
pub(in crate::stripe) fn pause_collection(
    world: &mut World,
    id: &str,
    behavior: &str,
    resumes_at: Option<i64>,
) -> Result<(), ApiError> {
    live(world, id)?;
    let pause = json!({ "behavior": behavior, "resumes_at": resumes_at });
    world.update(UPDATED, id, |subscription| subscription["pause_collection"] = pause);
    Ok(())
}

/// Payments are collected again.
pub(in crate::stripe) fn resume_collection(world: &mut World, id: &str) -> Result<(), ApiError> {
    live(world, id)?;
    world.update(UPDATED, id, |subscription| subscription["pause_collection"] = Value::Null);
    Ok(())
}
