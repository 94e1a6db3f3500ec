//! Refunds and disputes.

use serde_json::{Value, json};

use super::billing::text;
use crate::stripe::error::ApiError;
use crate::stripe::objects::payment;
use crate::stripe::world::World;

/// Refunds `amount` of a charge, or all that is left of it; returns the refund's id.
pub(in crate::stripe) fn refund(
    world: &mut World,
    charge: &str,
    amount: Option<i64>,
    reason: Option<&str>,
) -> Result<String, ApiError> {
    let object = world.find("charge", charge, "charge")?.clone();
    let refunded = object["amount_refunded"].as_i64().unwrap_or_default();
    let left = object["amount_captured"].as_i64().unwrap_or_default() - refunded;
    let amount = amount.unwrap_or(left);
    if left == 0 {
        let message = format!("Charge {charge} has already been refunded.");
        return Err(ApiError::param("charge_already_refunded", "charge", message));
    }
    if amount < 1 || amount > left {
        let message = format!("Refund amount ({amount}) is not between 1 and the unrefunded amount ({left}).");
        return Err(ApiError::param("amount_too_large", "amount", message));
    }
    let id = world.insert(payment::refund(&object, amount, reason));
    world.emit("refund.created", &id);
    world.update("charge.refunded", charge, |charge| {
        charge["amount_refunded"] = json!(refunded + amount);
        charge["refunded"] = json!(amount == left);
    });
    Ok(id)
}

/// A refund of all that is left of a charge fails later, and names its charge or only its payment intent.
pub(in crate::stripe) fn fail(world: &mut World, charge: &str, without_charge: bool) -> Result<(), ApiError> {
    let id = refund(world, charge, None, None)?;
    world.change(&id, |refund| {
        refund["status"] = json!("failed");
        if without_charge {
            refund["charge"] = Value::Null;
        }
    });
    world.emit("refund.failed", &id);
    Ok(())
}

/// A refund of all that is left of a charge is on its way: banks may take days.
pub(in crate::stripe) fn refund_slowly(world: &mut World, charge: &str) -> Result<(), ApiError> {
    let id = refund(world, charge, None, None)?;
    world.change(&id, |refund| refund["status"] = json!("pending"));
    Ok(())
}

/// The refund of a charge that was on its way arrives.
pub(in crate::stripe) fn arrive(world: &mut World, charge: &str) -> Result<(), ApiError> {
    let pending = |refund: &&Value| refund["charge"] == charge && refund["status"] == "pending";
    let Some(id) = world.all("refund").find(pending).map(|refund| text(refund, "id")) else {
        return Err(ApiError::invalid("This charge has no pending refund."));
    };
    world.update("refund.updated", &id, |refund| refund["status"] = json!("succeeded"));
    Ok(())
}

/// The charge that paid the latest invoice of a subscription.
pub(in crate::stripe) fn latest_charge(world: &World, subscription: &str) -> Result<String, ApiError> {
    let none = || ApiError::invalid("The latest invoice of this subscription has no charge.");
    let object = world.find("subscription", subscription, "id")?;
    let mut payments = world.all("invoice_payment");
    let payment = payments.find(|payment| payment["invoice"] == object["latest_invoice"]).ok_or_else(none)?;
    let intent = world.get(&text(&payment["payment"], "payment_intent")).ok_or_else(none)?;
    intent["latest_charge"].as_str().map(str::to_owned).ok_or_else(none)
}

/// The cardholder disputes a charge.
pub(in crate::stripe) fn dispute(world: &mut World, charge: &str) -> Result<(), ApiError> {
    let object = world.find("charge", charge, "charge")?.clone();
    world.change(charge, |charge| charge["disputed"] = json!(true));
    let id = world.insert(payment::dispute(&object));
    world.emit("charge.dispute.created", &id);
    world.emit("charge.dispute.funds_withdrawn", &id);
    Ok(())
}

/// The open dispute of a charge is decided.
pub(in crate::stripe) fn decide(world: &mut World, charge: &str, won: bool) -> Result<(), ApiError> {
    let open = |dispute: &&Value| dispute["charge"] == charge && dispute["status"] == "needs_response";
    let Some(id) = world.all("dispute").find(open).map(|dispute| text(dispute, "id")) else {
        return Err(ApiError::invalid("This charge has no open dispute."));
    };
    world.change(&id, |dispute| dispute["status"] = json!(if won { "won" } else { "lost" }));
    world.emit("charge.dispute.closed", &id);
    if won {
        world.emit("charge.dispute.funds_reinstated", &id);
    }
    Ok(())
}
