//! Opens invoices and collects them, with or without success.

use serde_json::{Value, json};

use crate::clock;
use crate::stripe::objects::invoice::{invoice, invoice_payment};
use crate::stripe::objects::payment::{charge, payment_intent};
use crate::stripe::objects::subscription::Period;
use crate::stripe::world::World;

/// Stripe's first retry of a failed renewal comes after about three days.
const RETRY_SECONDS: i64 = 3 * 24 * 60 * 60;

/// How an attempt to collect an invoice ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::stripe) enum Outcome {
    /// The payment succeeded.
    Paid,
    /// The card was declined.
    Declined,
    /// The person must confirm with the bank.
    ActionRequired,
    /// A bank debit that takes days.
    Processing,
}

/// The text of `object[name]`.
pub(in crate::stripe) fn text(object: &Value, name: &str) -> String {
    object[name].as_str().unwrap_or_default().to_owned()
}

/// Opens the invoice of a subscription for `period`, makes it the latest invoice, and returns its id.
pub(in crate::stripe) fn open_invoice(
    world: &mut World,
    subscription: &str,
    period: Period,
    reason: &str,
    amount: i64,
) -> String {
    let object = world.get(subscription).cloned().unwrap_or_default();
    let customer_id = text(&object, "customer");
    let customer = world.get(&customer_id).cloned().unwrap_or_default();
    let id = world.insert(invoice(&world.base_url.clone(), &object, &customer, period, reason, amount));
    world.change(&customer_id, |customer| {
        let next = customer["next_invoice_sequence"].as_i64().unwrap_or(1) + 1;
        customer["next_invoice_sequence"] = json!(next);
        customer["currency"] = object["currency"].clone();
    });
    world.change(subscription, |subscription| subscription["latest_invoice"] = json!(id));
    id
}

/// Emits the events for a created and finalized invoice.
pub(in crate::stripe) fn announce(world: &mut World, invoice: &str) {
    world.emit("invoice.created", invoice);
    world.emit("invoice.finalized", invoice);
}

/// Tries to collect an open invoice.
pub(in crate::stripe) fn collect(world: &mut World, invoice: &str, outcome: Outcome) {
    let amount = world.get(invoice).and_then(|invoice| invoice["amount_due"].as_i64()).unwrap_or_default();
    if amount == 0 {
        return settle(world, invoice, None);
    }
    let intent = intent_of(world, invoice, amount);
    match outcome {
        Outcome::Paid => {
            attempted(world, invoice, None);
            succeed(world, &intent);
            settle(world, invoice, Some(&intent));
        }
        Outcome::Declined => {
            attempted(world, invoice, Some(clock::unix_now() + RETRY_SECONDS));
            decline(world, &intent);
            world.emit("invoice.payment_failed", invoice);
        }
        Outcome::ActionRequired => {
            attempted(world, invoice, Some(clock::unix_now() + RETRY_SECONDS));
            world.update("payment_intent.requires_action", &intent, |intent| {
                intent["status"] = json!("requires_action");
                intent["next_action"] = json!({ "type": "use_stripe_sdk" });
            });
            world.emit("invoice.payment_failed", invoice);
            world.emit("invoice.payment_action_required", invoice);
        }
        Outcome::Processing => {
            attempted(world, invoice, None);
            world.update("payment_intent.processing", &intent, |intent| intent["status"] = json!("processing"));
        }
    }
}

/// The payment intent of an invoice; the first attempt creates it.
fn intent_of(world: &mut World, invoice: &str, amount: i64) -> String {
    let payment = world.all("invoice_payment").find(|payment| payment["invoice"] == invoice);
    if let Some(payment) = payment {
        return text(&payment["payment"], "payment_intent");
    }
    let object = world.get(invoice).cloned().unwrap_or_default();
    let intent = world.insert(payment_intent(&object["customer"], amount, &object["currency"]));
    world.emit("payment_intent.created", &intent);
    world.insert(invoice_payment(&object, &intent));
    intent
}

fn attempted(world: &mut World, invoice: &str, next: Option<i64>) {
    world.change(invoice, |invoice| {
        let attempts = invoice["attempt_count"].as_i64().unwrap_or_default() + 1;
        invoice["attempt_count"] = json!(attempts);
        invoice["attempted"] = json!(true);
        invoice["next_payment_attempt"] = json!(next);
    });
}

/// The charge of an intent succeeds.
pub(in crate::stripe) fn succeed(world: &mut World, intent: &str) {
    let charge = new_charge(world, intent, true);
    world.change(intent, |intent| {
        intent["status"] = json!("succeeded");
        intent["amount_received"] = intent["amount"].clone();
        intent["next_action"] = Value::Null;
        intent["last_payment_error"] = Value::Null;
    });
    world.emit("charge.succeeded", &charge);
    world.emit("payment_intent.succeeded", intent);
}

/// The charge of an intent is declined.
pub(in crate::stripe) fn decline(world: &mut World, intent: &str) {
    let charge = new_charge(world, intent, false);
    world.change(intent, |intent| {
        intent["status"] = json!("requires_payment_method");
        intent["last_payment_error"] = json!({
            "charge": charge,
            "code": "card_declined",
            "decline_code": "generic_decline",
            "message": "Your card was declined.",
            "type": "card_error",
        });
    });
    world.emit("charge.failed", &charge);
    world.emit("payment_intent.payment_failed", intent);
}

fn new_charge(world: &mut World, intent: &str, succeeded: bool) -> String {
    let object = world.get(intent).cloned().unwrap_or_default();
    let id = world.insert(charge(&object, succeeded));
    world.change(intent, |intent| intent["latest_charge"] = json!(id));
    id
}

/// Marks the invoice as paid.
fn settle(world: &mut World, invoice: &str, intent: Option<&str>) {
    let now = clock::unix_now();
    world.change(invoice, |invoice| {
        invoice["status"] = json!("paid");
        invoice["attempted"] = json!(true);
        invoice["amount_paid"] = invoice["amount_due"].clone();
        invoice["amount_remaining"] = json!(0);
        invoice["next_payment_attempt"] = Value::Null;
        invoice["status_transitions"]["paid_at"] = json!(now);
    });
    world.emit("invoice.paid", invoice);
    world.emit("invoice.payment_succeeded", invoice);
    let payment = intent.and_then(|intent| {
        let mut payments = world.all("invoice_payment");
        payments.find(|payment| payment["payment"]["payment_intent"] == intent).map(|payment| text(payment, "id"))
    });
    if let Some(payment) = payment {
        world.change(&payment, |payment| {
            payment["status"] = json!("paid");
            payment["amount_paid"] = payment["amount_requested"].clone();
            payment["status_transitions"]["paid_at"] = json!(now);
        });
        world.emit("invoice_payment.paid", &payment);
    }
}
