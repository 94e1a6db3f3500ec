//! `/v1/billing_portal/configurations`

use serde_json::{Value, json};

use super::known;
use crate::clock;
use crate::stripe::error::ApiError;
use crate::stripe::list::{PAGE, page};
use crate::stripe::objects::portal;
use crate::stripe::params::Params;
use crate::stripe::world::{PORTAL, World};

const FIELDS: &[&str] = &[
    "business_profile[headline]?",
    "business_profile[privacy_policy_url]",
    "business_profile[terms_of_service_url]",
    "default_return_url?",
    "features[customer_update][allowed_updates]?",
    "features[customer_update][allowed_updates][#]",
    "features[customer_update][enabled]",
    "features[invoice_history][enabled]",
    "features[payment_method_update][enabled]",
    "features[subscription_cancel][cancellation_reason][enabled]",
    "features[subscription_cancel][cancellation_reason][options]?",
    "features[subscription_cancel][cancellation_reason][options][#]",
    "features[subscription_cancel][enabled]",
    "features[subscription_cancel][mode]",
    "features[subscription_cancel][proration_behavior]",
    "features[subscription_update][enabled]",
    "login_page[enabled]",
    "metadata?",
    "metadata[*]?",
    "name?",
    "expand[#]",
];
/// The features that are switched on and off.
const FEATURES: &[&str] =
    &["customer_update", "invoice_history", "payment_method_update", "subscription_cancel", "subscription_update"];

pub(super) fn list(world: &World, params: &Params) -> Result<Value, ApiError> {
    params.only(&known(&[PAGE, &["active", "is_default"]]))?;
    let (active, default) = (params.flag("active")?, params.flag("is_default")?);
    let rows = world.all(PORTAL).filter(|one| {
        active.is_none_or(|wanted| one["active"] == wanted) && default.is_none_or(|wanted| one["is_default"] == wanted)
    });
    page(rows, params, "configuration", "/v1/billing_portal/configurations")
}

/// A configuration that is made by the API is not the default one: sessions must name it.
pub(super) fn create(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    params.only(FIELDS)?;
    let mut made = portal::configuration();
    if !FEATURES.iter().any(|name| params.get(&format!("features[{name}][enabled]")).is_some()) {
        return Err(ApiError::missing("features"));
    }
    apply(&mut made, params)?;
    let id = world.insert(made.clone());
    world.emit("billing_portal.configuration.created", &id);
    Ok(made)
}

pub(super) fn update(world: &mut World, id: &str, params: &Params) -> Result<Value, ApiError> {
    params.only(&known(&[FIELDS, &["active"]]))?;
    let mut changed = world.find(PORTAL, id, "id")?.clone();
    apply(&mut changed, params)?;
    changed["updated"] = json!(clock::unix_now());
    world.update("billing_portal.configuration.updated", id, |one| *one = changed.clone());
    Ok(changed)
}

fn apply(configuration: &mut Value, params: &Params) -> Result<(), ApiError> {
    if let Some(active) = params.flag("active")? {
        if configuration["is_default"] == true && !active {
            return Err(ApiError::invalid("You cannot deactivate the default configuration."));
        }
        configuration["active"] = json!(active);
    }
    for name in ["name", "default_return_url"] {
        if let Some(text) = params.get(name) {
            configuration[name] = json!(Some(text).filter(|text| !text.is_empty()));
        }
    }
    for name in ["headline", "privacy_policy_url", "terms_of_service_url"] {
        if let Some(text) = params.get(&format!("business_profile[{name}]")) {
            configuration["business_profile"][name] = json!(Some(text).filter(|text| !text.is_empty()));
        }
    }
    for name in FEATURES {
        if let Some(is_on) = params.flag(&format!("features[{name}][enabled]"))? {
            configuration["features"][*name]["enabled"] = json!(is_on);
        }
    }
    if let Some(is_on) = params.flag("login_page[enabled]")? {
        configuration["login_page"]["enabled"] = json!(is_on);
    }
    configuration["metadata"] = params.metadata("metadata", &configuration["metadata"])?;
    details(&mut configuration["features"], params)
}

/// What some features have beside their switch.
fn details(features: &mut Value, params: &Params) -> Result<(), ApiError> {
    let updates = params.list("features[customer_update][allowed_updates]");
    if !updates.is_empty() {
        features["customer_update"]["allowed_updates"] = json!(updates);
    } else if features["customer_update"]["enabled"] == true
        && features["customer_update"]["allowed_updates"] == json!([])
    {
        return Err(ApiError::missing("features[customer_update][allowed_updates]"));
    }
    let cancel = &mut features["subscription_cancel"];
    for (name, words) in [
        ("mode", ["at_period_end", "immediately"].as_slice()),
        ("proration_behavior", &["always_invoice", "create_prorations", "none"]),
    ] {
        if let Some(word) = params.one_of(&format!("features[subscription_cancel][{name}]"), words)? {
            cancel[name] = json!(word);
        }
    }
    let reason = "features[subscription_cancel][cancellation_reason]";
    if let Some(is_asked) = params.flag(&format!("{reason}[enabled]"))? {
        cancel["cancellation_reason"]["enabled"] = json!(is_asked);
    }
    let options = params.list(&format!("{reason}[options]"));
    if !options.is_empty() {
        cancel["cancellation_reason"]["options"] = json!(options);
    }
    Ok(())
}
