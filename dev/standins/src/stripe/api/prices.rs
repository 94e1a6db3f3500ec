//! `/v1/prices`

use serde_json::Value;

use super::retrieve;
use crate::stripe::error::ApiError;
use crate::stripe::params::Params;
use crate::stripe::world::World;

pub(super) fn get(world: &World, id: &str, params: &Params) -> Result<Value, ApiError> {
    retrieve(world, "price", id, params)
}
