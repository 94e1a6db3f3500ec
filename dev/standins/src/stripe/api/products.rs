//! `/v1/products`

use serde_json::{Value, json};

use super::known;
use crate::ids;
use crate::stripe::error::ApiError;
use crate::stripe::list::{CREATED, PAGE, created_within, page};
use crate::stripe::objects::price;
use crate::stripe::params::Params;
use crate::stripe::world::World;

const FIELDS: &[&str] = &["active", "description?", "metadata?", "metadata[*]?", "name", "tax_code?", "expand[#]"];

pub(super) fn list(world: &World, params: &Params) -> Result<Value, ApiError> {
    params.only(&known(&[PAGE, CREATED, &["active", "ids[#]"]]))?;
    let (within, active, ids) = (created_within(params)?, params.flag("active")?, params.list("ids"));
    let rows = world.all("product").filter(|product| {
        within(product)
            && active.is_none_or(|wanted| product["active"] == wanted)
            && (ids.is_empty() || ids.iter().any(|id| product["id"] == *id))
    });
    page(rows, params, "product", "/v1/products")
}

pub(super) fn create(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    params.only(&known(&[FIELDS, &["id"]]))?;
    let id = params.get("id").map_or_else(|| ids::prefixed("prod"), str::to_owned);
    if world.get(&id).is_some() {
        return Err(ApiError::param("resource_already_exists", "id", "Product already exists."));
    }
    let mut made = price::product(&id, params.need("name")?);
    apply(&mut made, params)?;
    world.insert(made.clone());
    world.emit("product.created", &id);
    Ok(made)
}

pub(super) fn update(world: &mut World, id: &str, params: &Params) -> Result<Value, ApiError> {
    params.only(FIELDS)?;
    let mut changed = world.find("product", id, "id")?.clone();
    apply(&mut changed, params)?;
    world.update("product.updated", id, |product| *product = changed.clone());
    Ok(changed)
}

fn apply(product: &mut Value, params: &Params) -> Result<(), ApiError> {
    for name in ["description", "name", "tax_code"] {
        if let Some(text) = params.get(name) {
            product[name] = json!(Some(text).filter(|text| !text.is_empty()));
        }
    }
    if let Some(active) = params.flag("active")? {
        product["active"] = json!(active);
    }
    product["metadata"] = params.metadata("metadata", &product["metadata"])?;
    Ok(())
}
