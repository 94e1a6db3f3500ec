//! `/v1/billing_portal/sessions`

use serde_json::Value;

use super::check_url;
use crate::stripe::error::ApiError;
use crate::stripe::objects::portal;
use crate::stripe::params::Params;
use crate::stripe::world::{PORTAL, World};

pub(super) fn create(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    params.only(&["configuration", "customer", "return_url", "locale", "expand[#]"])?;
    let customer = params.need("customer")?;
    world.find("customer", customer, "customer")?;
    check_url(params, "return_url")?;
    let named = params.get("configuration").map(|id| world.find(PORTAL, id, "configuration")).transpose()?;
    let Some(configuration) = named.or_else(|| world.default_portal()) else {
        return Err(ApiError::invalid(
            "No configuration provided and your test mode default configuration has not been created. Provide a \
             configuration or create your default by saving your customer portal settings in test mode at \
             https://dashboard.stripe.com/test/settings/billing/portal.",
        ));
    };
    let id = configuration["id"].as_str().unwrap_or_default();
    if configuration["active"] != true {
        return Err(ApiError::invalid(format!("The configuration {id} is inactive.")));
    }
    let session = portal::session(&world.base_url, id, customer, params.get("return_url"));
    world.insert(session.clone());
    Ok(session)
}
