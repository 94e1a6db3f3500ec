//! `/v1/webhook_endpoints`: their events are sent to them, beside the endpoint that the stand-in was started with.

use serde_json::{Value, json};

use super::{check_url, known};
use crate::stripe::error::ApiError;
use crate::stripe::list::{PAGE, page};
use crate::stripe::params::Params;
use crate::stripe::version;
use crate::stripe::world::{ENDPOINT, World};
use crate::{clock, ids};

/// Stripe's limit of endpoints an account (<https://docs.stripe.com/webhooks>).
const MOST: usize = 16;
const CHANGEABLE: &[&str] = &["description?", "enabled_events[#]", "metadata?", "metadata[*]?", "url", "expand[#]"];

pub(super) fn list(world: &World, params: &Params) -> Result<Value, ApiError> {
    params.only(PAGE)?;
    page(world.all(ENDPOINT).filter(|one| one["deleted"] != true), params, "webhook endpoint", "/v1/webhook_endpoints")
}

/// The answer alone has the signing secret.
pub(super) fn create(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    params.only(&known(&[CHANGEABLE, &["api_version", "connect"]]))?;
    params.need("url")?;
    if params.list("enabled_events").is_empty() {
        return Err(ApiError::missing("enabled_events"));
    }
    if world.all(ENDPOINT).filter(|one| one["deleted"] != true).count() >= MOST {
        return Err(ApiError::invalid(format!("You have reached the maximum of {MOST} test webhook endpoints.")));
    }
    if let Some(asked) = params.get("api_version") {
        version::check(Some(asked))?;
    }
    let mut made = json!({
        "id": ids::prefixed("we"),
        "object": ENDPOINT,
        "api_version": params.get("api_version"),
        "application": null,
        "created": clock::unix_now(),
        "description": null,
        "enabled_events": [],
        "livemode": false,
        "metadata": {},
        "status": "enabled",
        "url": null,
    });
    apply(&mut made, params)?;
    let id = world.insert(made.clone());
    let secret = ids::prefixed("whsec");
    world.keep_secret(&id, &secret);
    made["secret"] = json!(secret);
    Ok(made)
}

pub(super) fn update(world: &mut World, id: &str, params: &Params) -> Result<Value, ApiError> {
    params.only(&known(&[CHANGEABLE, &["disabled"]]))?;
    let mut changed = world.find(ENDPOINT, id, "id")?.clone();
    apply(&mut changed, params)?;
    if let Some(disabled) = params.flag("disabled")? {
        changed["status"] = json!(if disabled { "disabled" } else { "enabled" });
    }
    world.change(id, |endpoint| *endpoint = changed.clone());
    Ok(changed)
}

pub(super) fn delete(world: &mut World, id: &str, params: &Params) -> Result<Value, ApiError> {
    params.only(&[])?;
    world.find(ENDPOINT, id, "id")?;
    let deleted = json!({ "id": id, "object": ENDPOINT, "deleted": true });
    world.change(id, |endpoint| *endpoint = deleted.clone());
    Ok(deleted)
}

fn apply(endpoint: &mut Value, params: &Params) -> Result<(), ApiError> {
    check_url(params, "url")?;
    if let Some(url) = params.get("url") {
        endpoint["url"] = json!(url);
    }
    if let Some(text) = params.get("description") {
        endpoint["description"] = json!(Some(text).filter(|text| !text.is_empty()));
    }
    let events = params.list("enabled_events");
    if !events.is_empty() {
        endpoint["enabled_events"] = json!(events);
    }
    endpoint["metadata"] = params.metadata("metadata", &endpoint["metadata"])?;
    Ok(())
}
