//! `/v1/prices`

use serde_json::{Value, json};

use super::known;
use crate::ids;
use crate::stripe::error::ApiError;
use crate::stripe::list::{CREATED, PAGE, created_within, page};
use crate::stripe::objects::price;
use crate::stripe::params::Params;
use crate::stripe::world::World;

/// What may be changed of a price; its amount may not.
const CHANGEABLE: &[&str] =
    &["active", "lookup_key?", "transfer_lookup_key", "metadata?", "metadata[*]?", "nickname?", "expand[#]"];
const FIXED: &[&str] = &["currency", "product", "unit_amount", "recurring[interval]", "recurring[interval_count]"];
const INTERVALS: &[&str] = &["day", "week", "month", "year"];

pub(super) fn list(world: &World, params: &Params) -> Result<Value, ApiError> {
    const FILTERS: &[&str] = &["active", "currency", "lookup_keys[#]", "product", "recurring[interval]", "type"];
    params.only(&known(&[PAGE, CREATED, FILTERS]))?;
    let (within, active, keys) = (created_within(params)?, params.flag("active")?, params.list("lookup_keys"));
    let kind = params.one_of("type", &["one_time", "recurring"])?;
    let interval = params.one_of("recurring[interval]", INTERVALS)?;
    let rows = world.all("price").filter(|price| {
        within(price)
            && active.is_none_or(|wanted| price["active"] == wanted)
            && kind.is_none_or(|wanted| price["type"] == wanted)
            && interval.is_none_or(|wanted| price["recurring"]["interval"] == wanted)
            && ["currency", "product"].iter().all(|name| params.get(name).is_none_or(|wanted| price[*name] == wanted))
            && (keys.is_empty() || keys.iter().any(|key| price["lookup_key"] == *key))
    });
    page(rows, params, "price", "/v1/prices")
}

/// Only prices that recur every month, of a product that exists: subscriptions of the stand-in are renewed by the month.
pub(super) fn create(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    params.only(&known(&[CHANGEABLE, FIXED]))?;
    let currency = params.need("currency")?.to_lowercase();
    let product = world.find("product", params.need("product")?, "product")?.clone();
    params.need("recurring[interval]")?;
    params.one_of("recurring[interval]", &["month"])?;
    params.one_of("recurring[interval_count]", &["1"])?;
    let amount = params.int("unit_amount")?.ok_or_else(|| ApiError::missing("unit_amount"))?;
    let mut made = price::price(&ids::prefixed("price"), &product, &currency);
    (made["unit_amount"], made["unit_amount_decimal"]) = (json!(amount), json!(amount.to_string()));
    apply(world, &mut made, params)?;
    let id = world.insert(made.clone());
    world.emit("price.created", &id);
    Ok(made)
}

pub(super) fn update(world: &mut World, id: &str, params: &Params) -> Result<Value, ApiError> {
    params.only(CHANGEABLE)?;
    let mut changed = world.find("price", id, "id")?.clone();
    apply(world, &mut changed, params)?;
    world.update("price.updated", id, |price| *price = changed.clone());
    Ok(changed)
}

fn apply(world: &mut World, price: &mut Value, params: &Params) -> Result<(), ApiError> {
    if let Some(active) = params.flag("active")? {
        price["active"] = json!(active);
    }
    if let Some(nickname) = params.get("nickname") {
        price["nickname"] = json!(Some(nickname).filter(|text| !text.is_empty()));
    }
    price["metadata"] = params.metadata("metadata", &price["metadata"])?;
    if let Some(key) = params.get("lookup_key").filter(|key| !key.is_empty()) {
        take_key(world, &price["id"], key, params.flag("transfer_lookup_key")?.unwrap_or_default())?;
        price["lookup_key"] = json!(key);
    } else if params.get("lookup_key").is_some() {
        price["lookup_key"] = Value::Null;
    }
    Ok(())
}

/// A key belongs to one price: it is taken from the price that has it, if the caller says so.
fn take_key(world: &mut World, taker: &Value, key: &str, may_transfer: bool) -> Result<(), ApiError> {
    let holder = world.all("price").find(|price| price["lookup_key"] == key && price["id"] != *taker);
    let Some(holder) = holder.and_then(|price| price["id"].as_str()).map(str::to_owned) else { return Ok(()) };
    if !may_transfer {
        return Err(ApiError::invalid(format!("A price (`{holder}`) already uses that lookup key.")));
    }
    world.update("price.updated", &holder, |price| price["lookup_key"] = Value::Null);
    Ok(())
}
