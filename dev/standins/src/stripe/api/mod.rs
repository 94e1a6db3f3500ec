//! The endpoints: one table, one file per resource.

mod charges;
mod checkout_sessions;
mod customers;
mod events;
mod invoices;
mod portal_configurations;
mod portal_sessions;
mod prices;
mod products;
mod refunds;
mod subscriptions;
mod webhook_endpoints;

use serde_json::Value;

use super::error::ApiError;
use super::expand::expand;
use super::lifecycle::checkout;
use super::params::Params;
use super::world::{ENDPOINT, PORTAL, World};

/// Carries out one call.
pub(super) fn dispatch(world: &mut World, method: &str, path: &str, params: &Params) -> Result<Value, ApiError> {
    checkout::expire_due(world);
    let segments: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
    let mut answer = match (method, segments.as_slice()) {
        ("POST", ["customers"]) => customers::create(world, params),
        ("GET", ["customers"]) => customers::list(world, params),
        ("GET", ["customers", "search"]) => customers::search(world, params),
        ("GET", ["customers", id]) => customers::get(world, id, params),
        ("POST", ["customers", id]) => customers::update(world, id, params),
        ("DELETE", ["customers", id]) => customers::delete(world, id, params),
        ("POST", ["checkout", "sessions"]) => checkout_sessions::create(world, params),
        ("GET", ["checkout", "sessions"]) => checkout_sessions::list(world, params),
        ("GET", ["checkout", "sessions", id]) => checkout_sessions::get(world, id, params),
        ("GET", ["checkout", "sessions", id, "line_items"]) => checkout_sessions::line_items(world, id, params),
        ("POST", ["checkout", "sessions", id, "expire"]) => checkout_sessions::expire(world, id, params),
        ("GET", ["subscriptions"]) => subscriptions::list(world, params),
        ("GET", ["subscriptions", id]) => subscriptions::get(world, id, params),
        ("POST", ["subscriptions", id]) => subscriptions::update(world, id, params),
        ("DELETE", ["subscriptions", id]) => subscriptions::cancel(world, id, params),
        ("POST", ["subscriptions", id, "resume"]) => subscriptions::resume(world, id, params),
        ("POST", ["billing_portal", "sessions"]) => portal_sessions::create(world, params),
        ("POST", ["billing_portal", "configurations"]) => portal_configurations::create(world, params),
        ("GET", ["billing_portal", "configurations"]) => portal_configurations::list(world, params),
        ("GET", ["billing_portal", "configurations", id]) => retrieve(world, PORTAL, id, params),
        ("POST", ["billing_portal", "configurations", id]) => portal_configurations::update(world, id, params),
        ("GET", ["invoices"]) => invoices::list(world, params),
        ("GET", ["invoices", id]) => invoices::get(world, id, params),
        ("GET", ["invoice_payments"]) => invoices::list_payments(world, params),
        ("GET", ["charges"]) => charges::list_charges(world, params),
        ("GET", ["charges", id]) => charges::get_charge(world, id, params),
        ("GET", ["payment_intents", id]) => charges::get_payment_intent(world, id, params),
        ("GET", ["disputes"]) => charges::list_disputes(world, params),
        ("GET", ["disputes", id]) => retrieve(world, "dispute", id, params),
        ("GET", ["refunds", id]) => retrieve(world, "refund", id, params),
        ("POST", ["refunds"]) => refunds::create(world, params),
        ("GET", ["events"]) => events::list(world, params),
        ("GET", ["events", id]) => events::get(world, id, params),
        ("POST", ["prices"]) => prices::create(world, params),
        ("GET", ["prices"]) => prices::list(world, params),
        ("GET", ["prices", id]) => retrieve(world, "price", id, params),
        ("POST", ["prices", id]) => prices::update(world, id, params),
        ("POST", ["products"]) => products::create(world, params),
        ("GET", ["products"]) => products::list(world, params),
        ("GET", ["products", id]) => retrieve(world, "product", id, params),
        ("POST", ["products", id]) => products::update(world, id, params),
        ("POST", ["webhook_endpoints"]) => webhook_endpoints::create(world, params),
        ("GET", ["webhook_endpoints"]) => webhook_endpoints::list(world, params),
        ("GET", ["webhook_endpoints", id]) => retrieve(world, ENDPOINT, id, params),
        ("POST", ["webhook_endpoints", id]) => webhook_endpoints::update(world, id, params),
        ("DELETE", ["webhook_endpoints", id]) => webhook_endpoints::delete(world, id, params),
        _ => Err(ApiError::no_such_path(method, path)),
    }?;
    expand(world, &mut answer, &params.list("expand"))?;
    Ok(answer)
}

/// `GET` of one object by its id.
fn retrieve(world: &World, kind: &str, id: &str, params: &Params) -> Result<Value, ApiError> {
    params.only(&["expand[#]"])?;
    world.find(kind, id, "id").cloned()
}

/// Joins the lists of parameters that an endpoint accepts.
fn known(lists: &[&[&'static str]]) -> Vec<&'static str> {
    lists.concat()
}

/// Refuses a value that is not an absolute `http` or `https` URL.
fn check_url(params: &Params, name: &str) -> Result<(), ApiError> {
    let Some(url) = params.get(name) else { return Ok(()) };
    // The placeholder's braces are a feature of Stripe and not valid in a URL.
    let parsed = url.replace("{CHECKOUT_SESSION_ID}", "cs_test").parse::<reqwest::Url>();
    match parsed {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(()),
        _ => Err(ApiError::param("url_invalid", name, "Not a valid URL")),
    }
}
