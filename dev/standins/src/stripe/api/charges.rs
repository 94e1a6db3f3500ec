//! `/v1/charges`, `/v1/disputes` and `/v1/payment_intents`

use serde_json::Value;

use super::{known, retrieve};
use crate::stripe::error::ApiError;
use crate::stripe::list::{CREATED, PAGE, created_within, page};
use crate::stripe::params::Params;
use crate::stripe::world::World;

pub(super) fn get_charge(world: &World, id: &str, params: &Params) -> Result<Value, ApiError> {
    retrieve(world, "charge", id, params)
}

pub(super) fn get_payment_intent(world: &World, id: &str, params: &Params) -> Result<Value, ApiError> {
    retrieve(world, "payment_intent", id, params)
}

pub(super) fn list_charges(world: &World, params: &Params) -> Result<Value, ApiError> {
    list(world, params, "charge", "/v1/charges", &["customer", "payment_intent"])
}

pub(super) fn list_disputes(world: &World, params: &Params) -> Result<Value, ApiError> {
    list(world, params, "dispute", "/v1/disputes", &["charge", "payment_intent"])
}

/// The objects of a kind whose fields are as the filters of the same names say.
fn list(world: &World, params: &Params, kind: &str, url: &str, filters: &[&'static str]) -> Result<Value, ApiError> {
    params.only(&known(&[PAGE, CREATED, filters]))?;
    let within = created_within(params)?;
    let fits =
        |object: &&Value| filters.iter().all(|name| params.get(name).is_none_or(|wanted| object[*name] == wanted));
    page(world.all(kind).filter(|object| within(object)).filter(fits), params, kind, url)
}
