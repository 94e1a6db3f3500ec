//! Customers.

use serde_json::{Value, json};

use crate::{clock, ids};

/// A customer without details.
pub(in crate::stripe) fn customer() -> Value {
    let id = ids::prefixed("cus");
    let invoice_prefix = id[4..12].to_uppercase();
    json!({
        "id": id,
        "object": "customer",
        "address": null,
        "balance": 0,
        "business_name": null,
        "created": clock::unix_now(),
        "currency": null,
        "customer_account": null,
        "default_source": null,
        "delinquent": false,
        "description": null,
        "email": null,
        "individual_name": null,
        "invoice_prefix": invoice_prefix,
        "invoice_settings": {
            "custom_fields": null,
            "default_payment_method": null,
            "footer": null,
            "rendering_options": null,
        },
        "livemode": false,
        "metadata": {},
        "name": null,
        "next_invoice_sequence": 1,
        "phone": null,
        "preferred_locales": [],
        "shipping": null,
        "tax_exempt": "none",
        "test_clock": null,
    })
}

/// What Stripe returns for a deleted customer.
pub(in crate::stripe) fn deleted(id: &str) -> Value {
    json!({ "id": id, "object": "customer", "deleted": true })
}
