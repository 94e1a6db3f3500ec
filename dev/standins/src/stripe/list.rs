//! List responses: `limit`, `starting_after`, `created[…]`, newest first.

use serde_json::{Value, json};

use super::error::ApiError;
use super::params::Params;

/// The parameters that every list accepts.
pub(super) const PAGE: &[&str] = &["limit", "starting_after", "expand[#]"];
/// The parameters of a filter by time.
pub(super) const CREATED: &[&str] = &["created", "created[gt]", "created[gte]", "created[lt]", "created[lte]"];

/// A page of `rows`, which come newest first and already filtered.
pub(super) fn page<'a>(
    rows: impl Iterator<Item = &'a Value>,
    params: &Params,
    kind: &str,
    url: &str,
) -> Result<Value, ApiError> {
    let limit = params.int("limit")?.unwrap_or(10);
    if !(1..=100).contains(&limit) {
        let message = format!("Invalid limit: {limit}. It must be between 1 and 100.");
        return Err(ApiError::param("parameter_invalid_integer", "limit", message));
    }
    let limit = usize::try_from(limit).unwrap_or(100);
    let mut rows = rows.peekable();
    if let Some(after) = params.get("starting_after")
        && !rows.any(|row| row["id"] == after)
    {
        return Err(ApiError::no_such(kind, after, "starting_after"));
    }
    let data: Vec<Value> = rows.by_ref().take(limit).cloned().collect();
    Ok(json!({ "object": "list", "data": data, "has_more": rows.peek().is_some(), "url": url }))
}

/// Whether an object was created in the requested time range.
pub(super) fn created_within(params: &Params) -> Result<impl Fn(&Value) -> bool + use<>, ApiError> {
    let exact = params.int("created")?;
    let (above, from) = (params.int("created[gt]")?, params.int("created[gte]")?);
    let (below, until) = (params.int("created[lt]")?, params.int("created[lte]")?);
    Ok(move |object: &Value| {
        let created = object["created"].as_i64().unwrap_or_default();
        exact.is_none_or(|bound| created == bound)
            && above.is_none_or(|bound| created > bound)
            && from.is_none_or(|bound| created >= bound)
            && below.is_none_or(|bound| created < bound)
            && until.is_none_or(|bound| created <= bound)
    })
}
