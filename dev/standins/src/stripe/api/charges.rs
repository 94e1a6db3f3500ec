//! `/v1/charges` and `/v1/payment_intents`

use serde_json::Value;

use super::retrieve;
use crate::stripe::error::ApiError;
use crate::stripe::params::Params;
use crate::stripe::world::World;

pub(super) fn get_charge(world: &World, id: &str, params: &Params) -> Result<Value, ApiError> {
    retrieve(world, "charge", id, params)
}

pub(super) fn get_payment_intent(world: &World, id: &str, params: &Params) -> Result<Value, ApiError> {
    retrieve(world, "payment_intent", id, params)
}
