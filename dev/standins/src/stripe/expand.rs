//! `expand[]` replaces ids by their objects and adds lists that are omitted by default.

use serde_json::{Value, json};

use super::error::ApiError;
use super::search::TOTAL;
use super::world::World;

/// Stripe's limit of levels per path.
const MAX_DEPTH: usize = 4;

/// Expands every path in `paths` in `answer`.
pub(super) fn expand(world: &World, answer: &mut Value, paths: &[&str]) -> Result<(), ApiError> {
    let is_search = answer["object"] == "search_result";
    // A search has added its number already.
    for path in paths.iter().filter(|path| **path != TOTAL || !is_search) {
        let names: Vec<&str> = path.split('.').collect();
        if names.len() > MAX_DEPTH {
            let message = format!("You cannot expand more than {MAX_DEPTH} levels of a property. Property: {path}.");
            return Err(ApiError::param("property_expansion_max_depth", "expand", message));
        }
        into(world, answer, &names).map_err(|()| {
            ApiError::param("parameter_invalid", "expand", format!("This property cannot be expanded ({path})."))
        })?;
    }
    Ok(())
}

fn into(world: &World, value: &mut Value, names: &[&str]) -> Result<(), ()> {
    if let Value::Array(items) = value {
        return items.iter_mut().try_for_each(|item| into(world, item, names));
    }
    let Some((name, rest)) = names.split_first() else { return Ok(()) };
    if value.is_null() {
        return Ok(());
    }
    if let Some(list) = left_out(world, value, name) {
        value[*name] = list;
    }
    let field = value.get_mut(*name).ok_or(())?;
    if let Some(object) = field.as_str().and_then(|id| world.get(id)) {
        *field = object.clone();
    } else if !(field.is_null() || field.is_object() || field.is_array()) {
        return Err(());
    }
    into(world, field, rest)
}

/// A list that an object only has if it is expanded.
fn left_out(world: &World, object: &Value, name: &str) -> Option<Value> {
    let id = object["id"].as_str()?;
    let (kind, owner, url) = match (object["object"].as_str()?, name) {
        ("invoice", "payments") => ("invoice_payment", "invoice", "/v1/invoice_payments".to_owned()),
        ("customer", "subscriptions") => ("subscription", "customer", format!("/v1/customers/{id}/subscriptions")),
        ("charge", "refunds") => ("refund", "charge", format!("/v1/charges/{id}/refunds")),
        ("checkout.session", "line_items") => {
            let url = format!("/v1/checkout/sessions/{id}/line_items");
            return Some(list(&world.cart(id).map(|cart| cart.line_items.clone()).unwrap_or_default(), &url));
        }
        _ => return None,
    };
    let live = |row: &&Value| row[owner] == id && (kind != "subscription" || row["status"] != "canceled");
    Some(list(&world.all(kind).filter(live).cloned().collect::<Vec<_>>(), &url))
}

fn list(data: &[Value], url: &str) -> Value {
    json!({ "object": "list", "data": data, "has_more": false, "url": url })
}
