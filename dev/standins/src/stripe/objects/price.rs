//! Products and their prices.

use serde_json::{Value, json};

use crate::clock;

/// Minor units of `CURRENCY` per month.
pub(in crate::stripe) const AMOUNT: i64 = 999;
/// In lower case, as at Stripe.
pub(in crate::stripe) const CURRENCY: &str = "usd";

/// A product.
pub(in crate::stripe) fn product(id: &str, name: &str) -> Value {
    let now = clock::unix_now();
    json!({
        "id": id,
        "object": "product",
        "active": true,
        "created": now,
        "default_price": null,
        "description": null,
        "images": [],
        "livemode": false,
        "marketing_features": [],
        "metadata": {},
        "name": name,
        "package_dimensions": null,
        "shippable": null,
        "statement_descriptor": null,
        "tax_code": null,
        "unit_label": null,
        "updated": now,
        "url": null,
    })
}

/// A monthly price of a product.
pub(in crate::stripe) fn price(id: &str, product: &Value, currency: &str) -> Value {
    json!({
        "id": id,
        "object": "price",
        "active": true,
        "billing_scheme": "per_unit",
        "created": clock::unix_now(),
        "currency": currency,
        "custom_unit_amount": null,
        "livemode": false,
        "lookup_key": null,
        "metadata": {},
        "nickname": null,
        "product": product["id"],
        "recurring": {
            "interval": "month",
            "interval_count": 1,
            "meter": null,
            "trial_period_days": null,
            "usage_type": "licensed",
        },
        "tax_behavior": "unspecified",
        "tiers_mode": null,
        "transform_quantity": null,
        "type": "recurring",
        "unit_amount": AMOUNT,
        "unit_amount_decimal": AMOUNT.to_string(),
    })
}

/// The older form of a price, which subscription items still have.
pub(in crate::stripe) fn plan(price: &Value) -> Value {
    json!({
        "id": price["id"],
        "object": "plan",
        "active": true,
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": "per_unit",
        "created": price["created"],
        "currency": price["currency"],
        "interval": "month",
        "interval_count": 1,
        "livemode": false,
        "metadata": {},
        "meter": null,
        "nickname": null,
        "product": price["product"],
        "tiers_mode": null,
        "transform_usage": null,
        "trial_period_days": null,
        "usage_type": "licensed",
    })
}
