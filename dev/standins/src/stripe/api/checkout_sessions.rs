//! `/v1/checkout/sessions`

use serde_json::{Value, json};

use super::{check_url, known, retrieve};
use crate::clock;
use crate::stripe::error::ApiError;
use crate::stripe::lifecycle::checkout;
use crate::stripe::list::{CREATED, PAGE, created_within, page};
use crate::stripe::objects::checkout as objects;
use crate::stripe::params::Params;
use crate::stripe::world::{Cart, World};

const KIND: &str = "checkout.session";
const CREATE: &[&str] = &[
    "mode",
    "customer",
    "customer_email",
    "client_reference_id",
    "success_url",
    "cancel_url",
    "locale",
    "expires_at",
    "line_items[#][price]",
    "line_items[#][quantity]",
    "metadata?",
    "metadata[*]?",
    "subscription_data[metadata][*]",
    "subscription_data[description]",
    "subscription_data[trial_period_days]",
    "allow_promotion_codes",
    "billing_address_collection",
    "payment_method_collection",
    "payment_method_types[#]",
    "customer_update[address]",
    "customer_update[name]",
    "automatic_tax[enabled]",
    "adaptive_pricing[enabled]",
    "ui_mode",
    "submit_type",
    "saved_payment_method_options[payment_method_save]",
    "expand[#]",
];
const HALF_HOUR: i64 = 30 * 60;

pub(super) fn create(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    params.only(CREATE)?;
    check_mode(params)?;
    let cart = cart(world, params)?;
    let amount = cart.line_items[0]["amount_total"].as_i64().unwrap_or_default();
    let due_now = if cart.trial_days.is_some() { 0 } else { amount };
    let mut session = objects::session(&world.base_url, due_now);
    if let Some(id) = params.get("customer") {
        let customer = world.find("customer", id, "customer")?;
        check_currency(customer, &cart.line_items[0])?;
        session["customer_details"] = details(&customer["email"], &customer["name"]);
    } else if let Some(email) = params.get("customer_email") {
        session["customer_details"] = details(&json!(email), &Value::Null);
        session["customer_creation"] = json!("always");
    }
    if let Some(expires_at) = params.int("expires_at")? {
        session["expires_at"] = json!(check_expiry(expires_at)?);
    }
    for name in ["customer", "customer_email", "client_reference_id", "success_url", "cancel_url", "locale"] {
        session[name] = json!(params.get(name));
    }
    session["currency"] = cart.line_items[0]["currency"].clone();
    session["allow_promotion_codes"] = json!(params.flag("allow_promotion_codes")?);
    session["automatic_tax"]["enabled"] = json!(params.flag("automatic_tax[enabled]")?.unwrap_or(false));
    session["metadata"] = params.metadata("metadata", &Value::Null)?;
    let id = world.insert(session.clone());
    world.keep_cart(&id, cart);
    Ok(session)
}

pub(super) fn get(world: &World, id: &str, params: &Params) -> Result<Value, ApiError> {
    retrieve(world, KIND, id, params)
}

pub(super) fn list(world: &World, params: &Params) -> Result<Value, ApiError> {
    params.only(&known(&[PAGE, CREATED, &["customer", "subscription", "status"]]))?;
    let within = created_within(params)?;
    let status = params.one_of("status", &["open", "complete", "expired"])?;
    let rows = world.all(KIND).filter(|session| {
        let is = |name: &str| params.get(name).is_none_or(|wanted| session[name] == wanted);
        within(session) && is("customer") && is("subscription") && status.is_none_or(|only| session["status"] == only)
    });
    page(rows, params, KIND, "/v1/checkout/sessions")
}

pub(super) fn line_items(world: &World, id: &str, params: &Params) -> Result<Value, ApiError> {
    params.only(PAGE)?;
    world.find(KIND, id, "id")?;
    let items = world.cart(id).map(|cart| cart.line_items.as_slice()).unwrap_or_default();
    page(items.iter(), params, "item", &format!("/v1/checkout/sessions/{id}/line_items"))
}

pub(super) fn expire(world: &mut World, id: &str, params: &Params) -> Result<Value, ApiError> {
    params.only(&["expand[#]"])?;
    checkout::expire(world, id)?;
    world.find(KIND, id, "id").cloned()
}

fn check_mode(params: &Params) -> Result<(), ApiError> {
    if params.need("mode")? != "subscription" {
        return Err(ApiError::param("parameter_invalid", "mode", "This stand-in knows mode=subscription only."));
    }
    if params.get("customer").is_some() && params.get("customer_email").is_some() {
        return Err(ApiError::invalid("You may only specify one of these parameters: customer, customer_email."));
    }
    for name in ["allow_promotion_codes", "automatic_tax[enabled]", "adaptive_pricing[enabled]"] {
        params.flag(name)?;
    }
    let taxed = params.flag("automatic_tax[enabled]")? == Some(true) && params.get("customer").is_some();
    if taxed && params.get("customer_update[address]") != Some("auto") {
        return Err(ApiError::invalid(
            "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a valid address to the \
             Customer or set either `customer_update[address]` to 'auto' or `customer_update[shipping]` to 'auto' to save \
             the address entered in Checkout to the Customer.",
        ));
    }
    params.one_of("ui_mode", &["hosted_page"])?;
    params.one_of("payment_method_collection", &["always", "if_required"])?;
    params.need("success_url")?;
    check_url(params, "success_url")?;
    check_url(params, "cancel_url")
}

/// A customer is billed in one currency for ever.
fn check_currency(customer: &Value, line: &Value) -> Result<(), ApiError> {
    match customer["currency"].as_str() {
        Some(currency) if line["currency"] != currency => Err(ApiError::invalid(format!(
            "You cannot combine currencies on a single customer. This customer has an active subscription, subscription \
             schedule, discount, quote, or invoice item with currency {currency}."
        ))),
        _ => Ok(()),
    }
}

fn check_expiry(at: i64) -> Result<i64, ApiError> {
    let now = clock::unix_now();
    // One minute of tolerance for clocks that differ.
    if (now + HALF_HOUR - 60..=now + objects::OPEN_SECONDS + 60).contains(&at) {
        return Ok(at);
    }
    let message = "The `expires_at` timestamp must be at least 30 minutes and less than 24 hours from Checkout \
                   Session creation.";
    Err(ApiError::param("parameter_invalid", "expires_at", message))
}

fn cart(world: &World, params: &Params) -> Result<Cart, ApiError> {
    let price_id = params.get("line_items[0][price]").ok_or_else(|| ApiError::missing("line_items[0][price]"))?;
    if params.get("line_items[1][price]").is_some() {
        return Err(ApiError::param("parameter_invalid", "line_items", "This stand-in sells one line only."));
    }
    let price = world.find("price", price_id, "line_items[0][price]")?;
    let quantity = params.int("line_items[0][quantity]")?;
    let quantity = quantity.ok_or_else(|| ApiError::missing("line_items[0][quantity]"))?;
    if quantity < 1 {
        let message = "This value must be greater than or equal to 1.";
        return Err(ApiError::param("parameter_invalid_integer", "line_items[0][quantity]", message));
    }
    Ok(Cart {
        line_items: vec![objects::line_item(price, quantity)],
        metadata: params.metadata("subscription_data[metadata]", &Value::Null)?,
        description: params.get("subscription_data[description]").map(str::to_owned),
        trial_days: params.int("subscription_data[trial_period_days]")?,
    })
}

fn details(email: &Value, name: &Value) -> Value {
    json!({ "address": null, "email": email, "name": name, "phone": null, "tax_exempt": "none", "tax_ids": null })
}
