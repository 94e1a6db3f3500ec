//! Subscriptions and their items, which have the billing period.

use serde_json::{Value, json};
use time::{Month, OffsetDateTime};

use super::price;
use crate::{clock, ids};

/// A billing period, in seconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::stripe) struct Period {
    pub(in crate::stripe) start: i64,
    pub(in crate::stripe) end: i64,
}

impl Period {
    /// The current period of a subscription.
    pub(in crate::stripe) fn of(subscription: &Value) -> Self {
        let item = &subscription["items"]["data"][0];
        let field = |name: &str| item[name].as_i64().unwrap_or_default();
        Self { start: field("current_period_start"), end: field("current_period_end") }
    }

    /// The month from `start` to the day of `anchor` in the next month, or to its last day if it is shorter.
    pub(in crate::stripe) fn month_from(start: i64, anchor: i64) -> Self {
        Self { start, end: next_month(start, anchor).unwrap_or(start + 30 * 24 * 60 * 60) }
    }

    /// Writes it to the items of a subscription.
    pub(in crate::stripe) fn write_to(self, subscription: &mut Value) {
        if let Some(items) = subscription["items"]["data"].as_array_mut() {
            for item in items {
                item["current_period_start"] = json!(self.start);
                item["current_period_end"] = json!(self.end);
            }
        }
    }
}

fn next_month(start: i64, anchor: i64) -> Option<i64> {
    let start = OffsetDateTime::from_unix_timestamp(start).ok()?;
    let anchor = OffsetDateTime::from_unix_timestamp(anchor).ok()?;
    let month = start.month().next();
    let year = if month == Month::January { start.year() + 1 } else { start.year() };
    let day = anchor.day().min(month.length(year));
    let end = start.replace_day(1).ok()?.replace_year(year).ok()?.replace_month(month).ok()?.replace_day(day).ok()?;
    Some(end.unix_timestamp())
}

/// A subscription of `customer` to `price`, starting now.
pub(in crate::stripe) fn subscription(customer: &str, price: &Value, quantity: i64, period: Period) -> Value {
    let id = ids::prefixed("sub");
    let now = clock::unix_now();
    let item = json!({
        "id": ids::prefixed("si"),
        "object": "subscription_item",
        "billing_thresholds": null,
        "created": now,
        "current_period_end": period.end,
        "current_period_start": period.start,
        "discounts": [],
        "metadata": {},
        "plan": price::plan(price),
        "price": price,
        "quantity": quantity,
        "subscription": id,
        "tax_rates": [],
    });
    json!({
        "id": id,
        "object": "subscription",
        "application": null,
        "application_fee_percent": null,
        "automatic_tax": { "disabled_reason": null, "enabled": false, "liability": null },
        "billing_cycle_anchor": period.start,
        "billing_cycle_anchor_config": null,
        "billing_mode": { "flexible": { "proration_discounts": "included" }, "type": "flexible" },
        "billing_schedules": [],
        "billing_thresholds": null,
        "cancel_at": null,
        "cancel_at_period_end": false,
        "canceled_at": null,
        "cancellation_details": { "comment": null, "feedback": null, "reason": null },
        "collection_method": "charge_automatically",
        "created": now,
        "currency": price["currency"],
        "customer": customer,
        "customer_account": null,
        "days_until_due": null,
        "default_payment_method": ids::prefixed("pm"),
        "default_source": null,
        "default_tax_rates": [],
        "description": null,
        "discounts": [],
        "ended_at": null,
        "invoice_settings": { "account_tax_ids": null, "issuer": { "type": "self" } },
        "items": {
            "object": "list",
            "data": [item],
            "has_more": false,
            "url": format!("/v1/subscription_items?subscription={id}"),
        },
        "latest_invoice": null,
        "livemode": false,
        "metadata": {},
        "next_pending_invoice_item_invoice": null,
        "on_behalf_of": null,
        "pause_collection": null,
        "payment_settings": {
            "payment_method_options": null,
            "payment_method_types": null,
            "save_default_payment_method": "off",
        },
        "pending_invoice_item_interval": null,
        "pending_setup_intent": null,
        "pending_update": null,
        "schedule": null,
        "start_date": now,
        "status": "active",
        "status_details": null,
        "test_clock": null,
        "transfer_data": null,
        "trial_end": null,
        "trial_settings": { "end_behavior": { "missing_payment_method": "create_invoice" } },
        "trial_start": null,
    })
}
