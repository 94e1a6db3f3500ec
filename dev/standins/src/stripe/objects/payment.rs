//! Payment intents, charges, refunds and disputes.

use serde_json::{Value, json};

use crate::{clock, ids};

/// A new payment intent over `amount`, without attempts.
pub(in crate::stripe) fn payment_intent(customer: &Value, amount: i64, currency: &Value) -> Value {
    let id = ids::prefixed("pi");
    json!({
        "id": id,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_received": 0,
        "application": null,
        "application_fee_amount": null,
        "automatic_payment_methods": null,
        "canceled_at": null,
        "cancellation_reason": null,
        "capture_method": "automatic",
        "client_secret": format!("{id}_secret_{}", ids::opaque()),
        "confirmation_method": "automatic",
        "created": clock::unix_now(),
        "currency": currency,
        "customer": customer,
        "customer_account": null,
        "description": null,
        "last_payment_error": null,
        "latest_charge": null,
        "livemode": false,
        "metadata": {},
        "next_action": null,
        "on_behalf_of": null,
        "payment_method": null,
        "payment_method_options": { "card": { "request_three_d_secure": "automatic" } },
        "payment_method_types": ["card"],
        "processing": null,
        "receipt_email": null,
        "review": null,
        "setup_future_usage": "off_session",
        "shipping": null,
        "source": null,
        "statement_descriptor": null,
        "statement_descriptor_suffix": null,
        "status": "requires_payment_method",
        "transfer_data": null,
        "transfer_group": null,
    })
}

/// One attempt to collect a payment intent.
pub(in crate::stripe) fn charge(intent: &Value, succeeded: bool) -> Value {
    let amount = if succeeded { &intent["amount"] } else { &Value::from(0) };
    let declined = if succeeded { Value::Null } else { json!("card_declined") };
    json!({
        "id": ids::prefixed("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": amount,
        "amount_refunded": 0,
        "application": null,
        "application_fee": null,
        "application_fee_amount": null,
        "balance_transaction": null,
        "billing_details": { "address": null, "email": null, "name": null, "phone": null, "tax_id": null },
        "calculated_statement_descriptor": "CHAT",
        "captured": succeeded,
        "created": clock::unix_now(),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": null,
        "disputed": false,
        "failure_balance_transaction": null,
        "failure_code": declined,
        "failure_message": if succeeded { Value::Null } else { json!("Your card was declined.") },
        "fraud_details": {},
        "livemode": false,
        "metadata": {},
        "on_behalf_of": null,
        "outcome": null,
        "paid": succeeded,
        "payment_intent": intent["id"],
        "payment_method": null,
        "payment_method_details": null,
        "receipt_email": null,
        "receipt_number": null,
        "receipt_url": null,
        "refunded": false,
        "review": null,
        "shipping": null,
        "source_transfer": null,
        "statement_descriptor": null,
        "statement_descriptor_suffix": null,
        "status": if succeeded { "succeeded" } else { "failed" },
        "transfer_data": null,
        "transfer_group": null,
    })
}

/// A refund of a charge.
pub(in crate::stripe) fn refund(charge: &Value, amount: i64, reason: Option<&str>) -> Value {
    json!({
        "id": ids::prefixed("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": null,
        "charge": charge["id"],
        "created": clock::unix_now(),
        "currency": charge["currency"],
        "destination_details": { "card": { "type": "pending" }, "type": "card" },
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "receipt_number": null,
        "source_transfer_reversal": null,
        "status": "succeeded",
        "transfer_reversal": null,
    })
}

/// A chargeback.
pub(in crate::stripe) fn dispute(charge: &Value) -> Value {
    let now = clock::unix_now();
    json!({
        "id": ids::prefixed("du"),
        "object": "dispute",
        "amount": charge["amount"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {},
        "evidence_details": {
            "due_by": now + 7 * 24 * 60 * 60,
            "enhanced_eligibility": {},
            "has_evidence": false,
            "past_due": false,
            "submission_count": 0,
        },
        "is_charge_refundable": false,
        "livemode": false,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": "fraudulent",
        "status": "needs_response",
    })
}
