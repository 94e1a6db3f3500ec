//! The ways a Checkout Session ends: paid, declined, paid later, or expired.

use serde_json::{Value, json};

use super::billing::{Outcome, announce, collect, decline, open_invoice, text};
use crate::clock;
use crate::stripe::error::ApiError;
use crate::stripe::objects::payment::payment_intent;
use crate::stripe::objects::subscription::{Period, subscription};
use crate::stripe::world::World;

const DAY: i64 = 24 * 60 * 60;

/// Closes every open session that has expired.
pub(in crate::stripe) fn expire_due(world: &mut World) {
    let now = clock::unix_now();
    let due = |session: &&Value| session["status"] == "open" && session["expires_at"].as_i64() <= Some(now);
    let due: Vec<String> = world.all("checkout.session").filter(due).map(|session| text(session, "id")).collect();
    for session in due {
        close(world, &session);
    }
}

/// Closes an open session, as `POST …/expire` does.
pub(in crate::stripe) fn expire(world: &mut World, id: &str) -> Result<(), ApiError> {
    open_session(world, id)?;
    close(world, id);
    Ok(())
}

fn close(world: &mut World, id: &str) {
    world.change(id, |session| {
        session["status"] = json!("expired");
        session["url"] = Value::Null;
    });
    world.emit("checkout.session.expired", id);
}

/// The person pays: the subscription begins and the session is complete.
pub(in crate::stripe) fn pay(world: &mut World, id: &str) -> Result<(), ApiError> {
    complete(world, id, Outcome::Paid)
}

/// The person pays with a method that takes days: the session is complete, the subscription incomplete.
pub(in crate::stripe) fn pay_later(world: &mut World, id: &str) -> Result<(), ApiError> {
    complete(world, id, Outcome::Processing)
}

/// The card is declined: the session stays open.
pub(in crate::stripe) fn decline_payment(world: &mut World, id: &str) -> Result<(), ApiError> {
    let session = open_session(world, id)?;
    let amount = session["amount_total"].as_i64().unwrap_or_default();
    let intent = world.insert(payment_intent(&session["customer"], amount, &session["currency"]));
    world.emit("payment_intent.created", &intent);
    decline(world, &intent);
    Ok(())
}

/// The payment that takes days succeeds (`arrived`) or fails.
pub(in crate::stripe) fn settle_later(world: &mut World, id: &str, arrived: bool) -> Result<(), ApiError> {
    let session = world.find("checkout.session", id, "id")?.clone();
    let (subscription, invoice) = (text(&session, "subscription"), text(&session, "invoice"));
    if session["status"] != "complete" || session["payment_status"] != "unpaid" || subscription.is_empty() {
        return Err(ApiError::invalid("No payment of this Checkout Session is pending."));
    }
    if arrived {
        collect(world, &invoice, Outcome::Paid);
        world.update("customer.subscription.updated", &subscription, |object| object["status"] = json!("active"));
        world.change(id, |session| session["payment_status"] = json!("paid"));
        world.emit("checkout.session.async_payment_succeeded", id);
    } else {
        collect(world, &invoice, Outcome::Declined);
        world.update("customer.subscription.updated", &subscription, |object| {
            object["status"] = json!("incomplete_expired");
            object["ended_at"] = json!(clock::unix_now());
        });
        world.emit("checkout.session.async_payment_failed", id);
    }
    Ok(())
}

fn complete(world: &mut World, id: &str, outcome: Outcome) -> Result<(), ApiError> {
    let session = open_session(world, id)?;
    let customer = customer_of(world, &session)?;
    let cart = world.cart(id).cloned().ok_or_else(|| ApiError::no_such("checkout.session", id, "id"))?;
    let line = cart.line_items.first().cloned().unwrap_or_default();
    let now = clock::unix_now();
    let period = match cart.trial_days {
        Some(days) => Period { start: now, end: now + days * DAY },
        None => Period::month_from(now, now),
    };
    let mut object = subscription(&customer, &line["price"], line["quantity"].as_i64().unwrap_or(1), period);
    object["metadata"] = cart.metadata;
    object["description"] = json!(cart.description);
    let mut payment_status = if outcome == Outcome::Paid { "paid" } else { "unpaid" };
    let mut amount = line["amount_total"].as_i64().unwrap_or_default();
    if cart.trial_days.is_some() {
        object["status"] = json!("trialing");
        object["trial_start"] = json!(period.start);
        object["trial_end"] = json!(period.end);
        (payment_status, amount) = ("no_payment_required", 0);
    } else if outcome != Outcome::Paid {
        object["status"] = json!("incomplete");
    }
    let subscription = world.insert(object);
    let invoice = open_invoice(world, &subscription, period, "subscription_create", amount);
    world.emit("customer.subscription.created", &subscription);
    announce(world, &invoice);
    collect(world, &invoice, outcome);
    world.change(id, |session| {
        session["status"] = json!("complete");
        session["payment_status"] = json!(payment_status);
        session["customer"] = json!(customer);
        session["subscription"] = json!(subscription);
        session["invoice"] = json!(invoice);
        session["url"] = Value::Null;
    });
    world.emit("checkout.session.completed", id);
    Ok(())
}

/// The session's customer; if the session has none, one is created, as at Stripe.
fn customer_of(world: &mut World, session: &Value) -> Result<String, ApiError> {
    if let Some(id) = session["customer"].as_str() {
        return world.find("customer", id, "customer").map(|customer| text(customer, "id"));
    }
    let mut customer = crate::stripe::objects::customer::customer();
    customer["email"] = session["customer_email"].clone();
    let id = world.insert(customer);
    world.emit("customer.created", &id);
    Ok(id)
}

fn open_session(world: &World, id: &str) -> Result<Value, ApiError> {
    let session = world.find("checkout.session", id, "id")?;
    match session["status"].as_str() {
        Some("open") => Ok(session.clone()),
        status => Err(ApiError::invalid(format!(
            "Only Checkout Sessions with a status in [\"open\"] can be used so. This Checkout Session has a status of \
             {}.",
            status.unwrap_or_default()
        ))),
    }
}
