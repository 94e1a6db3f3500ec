//! List responses: `limit`, `starting_after`, `ending_before`, `created[…]`, newest first.

use serde_json::{Value, json};

use super::error::ApiError;
use super::params::Params;

/// The parameters that every list accepts.
pub(super) const PAGE: &[&str] = &["limit", "starting_after", "ending_before", "expand[#]"];
/// The parameters of a filter by time.
pub(super) const CREATED: &[&str] = &["created", "created[gt]", "created[gte]", "created[lt]", "created[lte]"];

/// A page of `rows`, which come newest first and already filtered.
pub(super) fn page<'a>(
    rows: impl Iterator<Item = &'a Value>,
    params: &Params,
    kind: &str,
    url: &str,
) -> Result<Value, ApiError> {
    let (limit, rows) = (limit(params)?, rows.collect::<Vec<_>>());
    let place =
        |id: &str, name| rows.iter().position(|row| row["id"] == id).ok_or_else(|| ApiError::no_such(kind, id, name));
    let (from, to, has_more) = match (params.get("starting_after"), params.get("ending_before")) {
        (Some(_), Some(_)) => {
            let message = "You may only specify one of these parameters: starting_after, ending_before.";
            return Err(ApiError::invalid(message));
        }
        // The page that ends where the cursor is; more of them are before it.
        (None, Some(before)) => {
            let to = place(before, "ending_before")?;
            let from = to.saturating_sub(limit);
            (from, to, from > 0)
        }
        (after, None) => {
            let from = after.map(|after| place(after, "starting_after")).transpose()?.map_or(0, |place| place + 1);
            let to = rows.len().min(from + limit);
            (from, to, to < rows.len())
        }
    };
    Ok(json!({ "object": "list", "data": rows[from..to], "has_more": has_more, "url": url }))
}

/// How many rows a page has.
pub(super) fn limit(params: &Params) -> Result<usize, ApiError> {
    let limit = params.int("limit")?.unwrap_or(10);
    let allowed = usize::try_from(limit).ok().filter(|limit| (1..=100).contains(limit));
    allowed.ok_or_else(|| {
        let message = format!("Invalid limit: {limit}. It must be between 1 and 100.");
        ApiError::param("parameter_invalid_integer", "limit", message)
    })
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
