//! `/v1/billing_portal/sessions`

use serde_json::Value;

use super::check_url;
use crate::stripe::error::ApiError;
use crate::stripe::objects::checkout;
use crate::stripe::params::Params;
use crate::stripe::world::World;

pub(super) fn create(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    params.only(&["customer", "return_url", "locale", "expand[#]"])?;
    let customer = params.need("customer")?;
    world.find("customer", customer, "customer")?;
    check_url(params, "return_url")?;
    if !world.has_portal {
        return Err(ApiError::invalid(
            "No configuration provided and your test mode default configuration has not been created. Provide a \
             configuration or create your default by saving your customer portal settings in test mode at \
             https://dashboard.stripe.com/test/settings/billing/portal.",
        ));
    }
    let session = checkout::portal_session(&world.base_url, customer, params.get("return_url"));
    world.insert(session.clone());
    Ok(session)
}
