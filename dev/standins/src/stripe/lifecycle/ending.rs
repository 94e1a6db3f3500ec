//! Schedules a subscription's cancellation, revokes it, ends the subscription; deletes customers.

use serde_json::{Value, json};

use super::billing::text;
use crate::clock;
use crate::stripe::error::ApiError;
use crate::stripe::objects::customer;
use crate::stripe::objects::subscription::Period;
use crate::stripe::world::World;

/// When a subscription will end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::stripe) enum Cancellation {
    /// At the end of its period: what `cancel_at_period_end` sets.
    PeriodEnd,
    /// At this time: what the portal sets.
    At(i64),
    /// Not at all.
    Never,
}

/// Stores in `subscription` when it will end.
pub(in crate::stripe) fn schedule(subscription: &mut Value, cancellation: Cancellation) {
    let at = match cancellation {
        Cancellation::PeriodEnd => Some(Period::of(subscription).end),
        Cancellation::At(at) => Some(at),
        Cancellation::Never => None,
    };
    subscription["cancel_at_period_end"] = json!(cancellation == Cancellation::PeriodEnd);
    subscription["cancel_at"] = json!(at);
    subscription["canceled_at"] = json!(at.map(|_| clock::unix_now()));
    subscription["cancellation_details"]["reason"] = json!(at.map(|_| "cancellation_requested"));
}

/// Ends a subscription now.
pub(in crate::stripe) fn end(world: &mut World, id: &str) {
    let now = clock::unix_now();
    world.change(id, |subscription| {
        subscription["status"] = json!("canceled");
        subscription["ended_at"] = json!(now);
        if subscription["canceled_at"].is_null() {
            subscription["canceled_at"] = json!(now);
            subscription["cancellation_details"]["reason"] = json!("cancellation_requested");
        }
    });
    world.emit("customer.subscription.deleted", id);
}

/// Deletes a customer; its subscriptions end at once.
pub(in crate::stripe) fn delete_customer(world: &mut World, id: &str) -> Result<Value, ApiError> {
    world.find("customer", id, "id")?;
    let running = |subscription: &&Value| {
        subscription["customer"] == id
            && !matches!(subscription["status"].as_str(), Some("canceled" | "incomplete_expired"))
    };
    let running: Vec<String> = world.all("subscription").filter(running).map(|object| text(object, "id")).collect();
    for subscription in running {
        end(world, &subscription);
    }
    world.emit("customer.deleted", id);
    let deleted = customer::deleted(id);
    world.change(id, |customer| *customer = deleted.clone());
    Ok(deleted)
}
