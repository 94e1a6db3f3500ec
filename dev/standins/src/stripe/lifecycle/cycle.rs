//! Moves a subscription to its next period, paid or not.

use serde_json::{Value, json};

use super::billing::{Outcome, announce, collect, open_invoice, text};
use super::ending;
use crate::stripe::error::ApiError;
use crate::stripe::objects::subscription::Period;
use crate::stripe::world::World;
use crate::{clock, ids};

pub(super) const UPDATED: &str = "customer.subscription.updated";

/// The period ends: a subscription with a scheduled cancellation ends; any other one is renewed and paid.
pub(in crate::stripe) fn renew(world: &mut World, id: &str) -> Result<(), ApiError> {
    let subscription = live(world, id)?;
    let due = subscription["cancel_at"].as_i64().is_some_and(|at| at <= Period::of(&subscription).end);
    if due {
        ending::end(world, id);
        return Ok(());
    }
    begin_period(world, id, Outcome::Paid, "active");
    Ok(())
}

/// The period ends and the payment fails. If the subscription is already past due, another attempt fails.
pub(in crate::stripe) fn fail_payment(world: &mut World, id: &str, outcome: Outcome) -> Result<(), ApiError> {
    let subscription = live(world, id)?;
    match open_latest(world, &subscription) {
        Some(invoice) => {
            collect(world, &invoice, outcome);
            world.emit("invoice.updated", &invoice);
        }
        None => begin_period(world, id, outcome, "past_due"),
    }
    Ok(())
}

/// The open invoice is paid later.
pub(in crate::stripe) fn recover(world: &mut World, id: &str) -> Result<(), ApiError> {
    let subscription = live(world, id)?;
    let Some(invoice) = open_latest(world, &subscription) else {
        return Err(ApiError::invalid("The latest invoice of this subscription is not open."));
    };
    collect(world, &invoice, Outcome::Paid);
    set_status(world, id, "active");
    Ok(())
}

/// A person voids the open invoice, also if the subscription has ended.
pub(in crate::stripe) fn void_invoice(world: &mut World, id: &str) -> Result<(), ApiError> {
    let subscription = world.find("subscription", id, "id")?.clone();
    let Some(invoice) = open_latest(world, &subscription) else {
        return Err(ApiError::invalid("The latest invoice of this subscription is not open."));
    };
    world.change(&invoice, |invoice| {
        invoice["status"] = json!("void");
        invoice["status_transitions"]["voided_at"] = json!(clock::unix_now());
    });
    world.emit("invoice.voided", &invoice);
    Ok(())
}

/// Sets any status, for transitions that the stand-in does not implement.
pub(in crate::stripe) fn force_status(world: &mut World, id: &str, status: &str) -> Result<(), ApiError> {
    world.find("subscription", id, "id")?;
    set_status(world, id, status);
    Ok(())
}

/// The subscription's item gets another price.
pub(in crate::stripe) fn set_price(world: &mut World, id: &str, price: &str) -> Result<(), ApiError> {
    live(world, id)?;
    let price = world.find("price", price, "price")?.clone();
    world.update(UPDATED, id, |subscription| subscription["items"]["data"][0]["price"] = price);
    Ok(())
}

/// A subscription schedule manages the subscription from now on.
pub(in crate::stripe) fn schedule(world: &mut World, id: &str) -> Result<(), ApiError> {
    live(world, id)?;
    world.update(UPDATED, id, |subscription| subscription["schedule"] = json!(ids::prefixed("sub_sched")));
    Ok(())
}

/// Time passes: the latest invoice was made so many days ago.
pub(in crate::stripe) fn age(world: &mut World, id: &str, days: i64) -> Result<(), ApiError> {
    let invoice = text(world.find("subscription", id, "id")?, "latest_invoice");
    world.change(&invoice, |invoice| {
        for at in [&["created"][..], &["status_transitions", "finalized_at"], &["status_transitions", "paid_at"]] {
            let field = at.iter().fold(&mut *invoice, |value, name| &mut value[*name]);
            if let Some(seconds) = field.as_i64() {
                *field = json!(seconds - days * 24 * 60 * 60);
            }
        }
    });
    Ok(())
}

pub(super) fn begin_period(world: &mut World, id: &str, outcome: Outcome, status: &str) {
    let Some(subscription) = world.get(id).cloned() else { return };
    let anchor = subscription["billing_cycle_anchor"].as_i64().unwrap_or_default();
    let period = Period::month_from(Period::of(&subscription).end, anchor);
    let item = &subscription["items"]["data"][0];
    let quantity = item["quantity"].as_i64().unwrap_or(1);
    let amount = item["price"]["unit_amount"].as_i64().unwrap_or_default() * quantity;
    let invoice = open_invoice(world, id, period, "subscription_cycle", amount);
    announce(world, &invoice);
    collect(world, &invoice, outcome);
    // Latest invoice, period and status change in one event, so the old values are restored first.
    world.change(id, |object| object["latest_invoice"] = subscription["latest_invoice"].clone());
    world.update(UPDATED, id, |object| {
        object["latest_invoice"] = json!(invoice);
        object["status"] = json!(status);
        period.write_to(object);
    });
}

fn set_status(world: &mut World, id: &str, status: &str) {
    let ended = matches!(status, "canceled" | "incomplete_expired");
    world.update(UPDATED, id, |subscription| {
        subscription["status"] = json!(status);
        subscription["ended_at"] = if ended { json!(clock::unix_now()) } else { Value::Null };
    });
}

/// A subscription that has not ended.
pub(in crate::stripe) fn live(world: &World, id: &str) -> Result<Value, ApiError> {
    let subscription = world.find("subscription", id, "id")?;
    if matches!(subscription["status"].as_str(), Some("canceled" | "incomplete_expired")) {
        return Err(ApiError::no_such("subscription", id, "id"));
    }
    Ok(subscription.clone())
}

pub(super) fn open_latest(world: &World, subscription: &Value) -> Option<String> {
    let invoice = world.get(subscription["latest_invoice"].as_str()?)?;
    (invoice["status"] == "open").then(|| text(invoice, "id"))
}
