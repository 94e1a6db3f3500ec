//! `/v1/events`

use serde_json::Value;

use super::known;
use crate::stripe::error::ApiError;
use crate::stripe::list::{CREATED, PAGE, created_within, page};
use crate::stripe::params::Params;
use crate::stripe::world::World;

/// Stripe's limit of types per filter.
const MAX_TYPES: usize = 20;

pub(super) fn list(world: &World, params: &Params) -> Result<Value, ApiError> {
    params.only(&known(&[PAGE, CREATED, &["type", "types[#]"]]))?;
    let types = params.list("types");
    if types.len() > MAX_TYPES {
        let message = format!("You may specify at most {MAX_TYPES} types.");
        return Err(ApiError::param("parameter_invalid", "types", message));
    }
    if !types.is_empty() && params.get("type").is_some() {
        return Err(ApiError::invalid("You may only specify one of these parameters: type, types."));
    }
    let within = created_within(params)?;
    let rows = world.events().filter(|event| {
        let kind = event["type"].as_str().unwrap_or_default();
        within(event)
            && params.get("type").is_none_or(|pattern| fits(pattern, kind))
            && (types.is_empty() || types.contains(&kind))
    });
    page(rows, params, "event", "/v1/events")
}

pub(super) fn get(world: &World, id: &str, params: &Params) -> Result<Value, ApiError> {
    params.only(&["expand[#]"])?;
    world.event(id).cloned()
}

/// `type` may end in `.*`.
fn fits(pattern: &str, kind: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => kind.starts_with(prefix),
        None => pattern == kind,
    }
}
