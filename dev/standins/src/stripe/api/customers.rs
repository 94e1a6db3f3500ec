//! `/v1/customers`

use serde_json::{Value, json};

use super::{known, retrieve};
use crate::stripe::error::ApiError;
use crate::stripe::lifecycle::ending;
use crate::stripe::list::{CREATED, PAGE, created_within, page};
use crate::stripe::objects::customer;
use crate::stripe::params::Params;
use crate::stripe::search::{self, Query};
use crate::stripe::world::World;

const TEXTS: &[&str] = &["description", "email", "name", "phone"];
const FIELDS: &[&str] = &["description?", "email?", "name?", "phone?", "metadata?", "metadata[*]?", "expand[#]"];

pub(super) fn create(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    params.only(FIELDS)?;
    let mut customer = customer::customer();
    apply(&mut customer, params)?;
    let id = world.insert(customer.clone());
    world.emit("customer.created", &id);
    Ok(customer)
}

pub(super) fn update(world: &mut World, id: &str, params: &Params) -> Result<Value, ApiError> {
    params.only(FIELDS)?;
    let mut changed = world.find("customer", id, "id")?.clone();
    apply(&mut changed, params)?;
    world.update("customer.updated", id, |customer| *customer = changed.clone());
    Ok(changed)
}

pub(super) fn get(world: &World, id: &str, params: &Params) -> Result<Value, ApiError> {
    match world.get(id) {
        Some(customer) if customer["deleted"] == true => Ok(customer.clone()),
        _ => retrieve(world, "customer", id, params),
    }
}

pub(super) fn list(world: &World, params: &Params) -> Result<Value, ApiError> {
    params.only(&known(&[PAGE, CREATED, &["email"]]))?;
    let within = created_within(params)?;
    let email = params.get("email");
    let rows = world.all("customer").filter(|customer| {
        customer["deleted"] != true && within(customer) && email.is_none_or(|email| customer["email"] == email)
    });
    page(rows, params, "customer", "/v1/customers")
}

pub(super) fn search(world: &World, params: &Params) -> Result<Value, ApiError> {
    params.only(search::PARAMETERS)?;
    let query = Query::parse(params.need("query")?, &["created", "email", "name", "phone"])?;
    let found = world.all("customer").filter(|customer| customer["deleted"] != true && query.fits(customer));
    search::page(found, params, "/v1/customers/search")
}

pub(super) fn delete(world: &mut World, id: &str, params: &Params) -> Result<Value, ApiError> {
    params.only(&[])?;
    ending::delete_customer(world, id)
}

fn apply(customer: &mut Value, params: &Params) -> Result<(), ApiError> {
    if let Some(email) = params.get("email").filter(|email| !email.is_empty() && !email.contains('@')) {
        return Err(ApiError::param("email_invalid", "email", format!("Invalid email address: {email}")));
    }
    for name in TEXTS {
        if let Some(text) = params.get(name) {
            customer[*name] = if text.is_empty() { Value::Null } else { json!(text) };
        }
    }
    customer["metadata"] = params.metadata("metadata", &customer["metadata"])?;
    Ok(())
}
