//! `/v1/prices` and `/v1/products`

use serde_json::Value;

use super::{known, retrieve};
use crate::stripe::error::ApiError;
use crate::stripe::list::{CREATED, PAGE, created_within, page};
use crate::stripe::params::Params;
use crate::stripe::world::World;

pub(super) fn get(world: &World, id: &str, params: &Params) -> Result<Value, ApiError> {
    retrieve(world, "price", id, params)
}

pub(super) fn list(world: &World, params: &Params) -> Result<Value, ApiError> {
    const FILTERS: &[&str] = &["active", "currency", "lookup_keys[#]", "product", "recurring[interval]", "type"];
    params.only(&known(&[PAGE, CREATED, FILTERS]))?;
    let (within, active, keys) = (created_within(params)?, params.flag("active")?, params.list("lookup_keys"));
    let kind = params.one_of("type", &["one_time", "recurring"])?;
    let interval = params.one_of("recurring[interval]", &["day", "week", "month", "year"])?;
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

pub(super) fn list_products(world: &World, params: &Params) -> Result<Value, ApiError> {
    params.only(&known(&[PAGE, CREATED, &["active", "ids[#]"]]))?;
    let (within, active, ids) = (created_within(params)?, params.flag("active")?, params.list("ids"));
    let rows = world.all("product").filter(|product| {
        within(product)
            && active.is_none_or(|wanted| product["active"] == wanted)
            && (ids.is_empty() || ids.iter().any(|id| product["id"] == *id))
    });
    page(rows, params, "product", "/v1/products")
}
