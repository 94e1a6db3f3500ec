//! Configurations of the customer portal, and its sessions.

use serde_json::{Value, json};

use crate::{clock, ids};

/// A configuration with everything off.
pub(in crate::stripe) fn configuration() -> Value {
    let now = clock::unix_now();
    json!({
        "id": ids::prefixed("bpc"),
        "object": "billing_portal.configuration",
        "active": true,
        "application": null,
        "business_profile": { "headline": null, "privacy_policy_url": null, "terms_of_service_url": null },
        "created": now,
        "default_return_url": null,
        "features": {
            "customer_update": { "allowed_updates": [], "enabled": false },
            "invoice_history": { "enabled": false },
            "payment_method_update": { "enabled": false, "payment_method_configuration": null },
            "subscription_cancel": {
                "cancellation_reason": {
                    "enabled": false,
                    "feedback_options": null,
                    "options": ["too_expensive", "missing_features", "switched_service", "unused", "other"],
                },
                "enabled": false,
                "mode": "at_period_end",
                "proration_behavior": "none",
            },
            "subscription_pause": { "duration": { "interval_options": [], "type": "indefinite" }, "enabled": false },
            "subscription_update": {
                "billing_cycle_anchor": null,
                "default_allowed_updates": [],
                "enabled": false,
                "products": [],
                "proration_behavior": "none",
                "schedule_at_period_end": { "conditions": [] },
                "trial_update_behavior": "end_trial",
            },
        },
        "is_default": false,
        "livemode": false,
        "login_page": { "enabled": false, "url": null },
        "metadata": {},
        "name": null,
        "updated": now,
    })
}

/// The configuration that the Dashboard makes when its settings are saved.
pub(in crate::stripe) fn default_configuration() -> Value {
    let mut made = configuration();
    made["is_default"] = json!(true);
    for feature in ["invoice_history", "payment_method_update", "subscription_cancel"] {
        made["features"][feature]["enabled"] = json!(true);
    }
    made
}

/// A session of the customer portal, with its link.
pub(in crate::stripe) fn session(
    base_url: &str,
    configuration: &str,
    customer: &str,
    return_url: Option<&str>,
) -> Value {
    let id = ids::prefixed("bps");
    json!({
        "id": id,
        "object": "billing_portal.session",
        "configuration": configuration,
        "created": clock::unix_now(),
        "customer": customer,
        "customer_account": null,
        "flow": null,
        "livemode": false,
        "locale": null,
        "on_behalf_of": null,
        "return_url": return_url,
        "url": format!("{base_url}/portal/{id}"),
    })
}
