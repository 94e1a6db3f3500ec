//! Checkout Sessions, their line items, and portal sessions.

use serde_json::{Value, json};

use super::price::CURRENCY;
use crate::{clock, ids};

/// How long a session is open by default.
pub(in crate::stripe) const OPEN_SECONDS: i64 = 24 * 60 * 60;

/// An open session over `amount`, without the fields that depend on the request.
pub(in crate::stripe) fn session(base_url: &str, amount: i64) -> Value {
    let id = ids::prefixed("cs_test");
    let now = clock::unix_now();
    json!({
        "id": id,
        "object": "checkout.session",
        "adaptive_pricing": { "enabled": false },
        "after_expiration": null,
        "allow_promotion_codes": null,
        "amount_subtotal": amount,
        "amount_total": amount,
        "automatic_tax": { "enabled": false, "liability": null, "provider": null, "status": null },
        "billing_address_collection": null,
        "cancel_url": null,
        "client_reference_id": null,
        "client_secret": null,
        "collected_information": null,
        "consent": null,
        "consent_collection": null,
        "created": now,
        "currency": CURRENCY,
        "currency_conversion": null,
        "custom_fields": [],
        "custom_text": { "after_submit": null, "shipping_address": null, "submit": null, "terms_of_service_acceptance": null },
        "customer": null,
        "customer_account": null,
        "customer_creation": null,
        "customer_details": null,
        "customer_email": null,
        "discounts": [],
        "expires_at": now + OPEN_SECONDS,
        "invoice": null,
        "invoice_creation": null,
        "livemode": false,
        "locale": null,
        "metadata": {},
        "mode": "subscription",
        "origin_context": null,
        "payment_intent": null,
        "payment_link": null,
        "payment_method_collection": "always",
        "payment_method_configuration_details": null,
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "permissions": null,
        "phone_number_collection": { "enabled": false },
        "recovered_from": null,
        "saved_payment_method_options": null,
        "setup_intent": null,
        "shipping_address_collection": null,
        "shipping_cost": null,
        "shipping_options": [],
        "status": "open",
        "submit_type": null,
        "subscription": null,
        "success_url": null,
        "total_details": { "amount_discount": 0, "amount_shipping": 0, "amount_tax": 0 },
        "ui_mode": "hosted_page",
        "url": format!("{base_url}/pay/{id}"),
        "wallet_options": null,
    })
}

/// One line of a session.
pub(in crate::stripe) fn line_item(price: &Value, quantity: i64) -> Value {
    let amount = price["unit_amount"].as_i64().unwrap_or_default() * quantity;
    json!({
        "id": ids::prefixed("li"),
        "object": "item",
        "adjustable_quantity": null,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": "Pro",
        "metadata": {},
        "price": price,
        "quantity": quantity,
    })
}
