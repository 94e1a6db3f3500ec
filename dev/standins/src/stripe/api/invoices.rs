//! `/v1/invoices` and `/v1/invoice_payments`

use serde_json::Value;

use super::{known, retrieve};
use crate::stripe::error::ApiError;
use crate::stripe::list::{CREATED, PAGE, created_within, page};
use crate::stripe::params::Params;
use crate::stripe::world::World;

pub(super) fn list(world: &World, params: &Params) -> Result<Value, ApiError> {
    params.only(&known(&[PAGE, CREATED, &["customer", "subscription", "status"]]))?;
    let within = created_within(params)?;
    let status = params.one_of("status", &["draft", "open", "paid", "uncollectible", "void"])?;
    let rows = world.all("invoice").filter(|invoice| {
        let subscription = &invoice["parent"]["subscription_details"]["subscription"];
        within(invoice)
            && params.get("customer").is_none_or(|wanted| invoice["customer"] == wanted)
            && params.get("subscription").is_none_or(|wanted| subscription == wanted)
            && status.is_none_or(|wanted| invoice["status"] == wanted)
    });
    page(rows, params, "invoice", "/v1/invoices")
}

pub(super) fn get(world: &World, id: &str, params: &Params) -> Result<Value, ApiError> {
    retrieve(world, "invoice", id, params)
}

pub(super) fn list_payments(world: &World, params: &Params) -> Result<Value, ApiError> {
    let filters = ["invoice", "status", "payment[type]", "payment[payment_intent]"];
    params.only(&known(&[PAGE, CREATED, &filters]))?;
    let within = created_within(params)?;
    let status = params.one_of("status", &["canceled", "open", "paid"])?;
    let rows = world.all("invoice_payment").filter(|payment| {
        let intent = &payment["payment"]["payment_intent"];
        within(payment)
            && params.get("invoice").is_none_or(|wanted| payment["invoice"] == wanted)
            && params.get("payment[payment_intent]").is_none_or(|wanted| intent == wanted)
            && status.is_none_or(|wanted| payment["status"] == wanted)
    });
    page(rows, params, "invoice_payment", "/v1/invoice_payments")
}
