//! `/v1/refunds`

use serde_json::Value;

use crate::stripe::error::ApiError;
use crate::stripe::lifecycle::money_back;
use crate::stripe::params::Params;
use crate::stripe::world::World;

const REASONS: &[&str] = &["duplicate", "fraudulent", "requested_by_customer"];

pub(super) fn create(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    params.only(&["charge", "payment_intent", "amount", "reason", "metadata?", "metadata[*]?", "expand[#]"])?;
    let charge = match (params.get("charge"), params.get("payment_intent")) {
        (Some(charge), None) => charge.to_owned(),
        (None, Some(intent)) => charge_of(world, intent)?,
        _ => {
            return Err(ApiError::invalid(
                "One of the following params should be provided for this request: payment_intent or charge.",
            ));
        }
    };
    let reason = params.one_of("reason", REASONS)?;
    let metadata = params.metadata("metadata", &Value::Null)?;
    let id = money_back::refund(world, &charge, params.int("amount")?, reason)?;
    world.change(&id, |refund| refund["metadata"] = metadata);
    world.find("refund", &id, "id").cloned()
}

fn charge_of(world: &World, intent: &str) -> Result<String, ApiError> {
    let object = world.find("payment_intent", intent, "payment_intent")?;
    let message = format!("PaymentIntent {intent} does not have a successful charge to refund.");
    object["latest_charge"].as_str().map(str::to_owned).ok_or_else(|| ApiError::invalid(message))
}
