//! Thin events: they name the object that changed, and do not have it.

use serde_json::{Value, json};

use crate::ids;

/// The thin event of the same change as a snapshot event, as an event destination with thin payloads gets it.
pub fn thin(snapshot: &Value) -> Value {
    let object = &snapshot["data"]["object"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (kind, id) = (text(&object["object"]), text(&object["id"]));
    // The path of a kind is its plural, except for Checkout's sessions.
    let path = if kind == "checkout.session" { "checkout/sessions".to_owned() } else { format!("{kind}s") };
    let created = time::OffsetDateTime::from_unix_timestamp(snapshot["created"].as_i64().unwrap_or_default());
    let created = created.ok().and_then(|at| at.format(&time::format_description::well_known::Rfc3339).ok());
    json!({
        "id": ids::prefixed("evt"),
        "object": "v2.core.event",
        "context": null,
        "created": created,
        "livemode": false,
        "related_object": { "id": id, "type": kind, "url": format!("/v1/{path}/{id}") },
        "snapshot_event": snapshot["id"],
        "type": format!("v1.{}", text(&snapshot["type"])),
    })
}
