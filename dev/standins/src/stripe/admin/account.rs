//! `POST /admin/prices` and `POST /admin/portal`: what the owner of the account sets up.

use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use crate::admin::{Refused, lock, read};
use crate::stripe::App;
use crate::stripe::objects::price::CURRENCY;

/// Another price of the product.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPrice {
    id: String,
    currency: Option<String>,
}

/// Whether the settings of the customer portal were saved.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Portal {
    configured: bool,
}

/// Adds a price, or changes its currency.
pub(in crate::stripe) async fn price(State(app): State<App>, body: Bytes) -> Result<Json<Value>, Refused> {
    let NewPrice { id, currency } = read(&body)?;
    Ok(Json(lock(&app.world).add_price(&id, currency.as_deref().unwrap_or(CURRENCY))))
}

/// Sets up the portal, or takes it away.
pub(in crate::stripe) async fn portal(State(app): State<App>, body: Bytes) -> Result<StatusCode, Refused> {
    let Portal { configured } = read(&body)?;
    lock(&app.world).save_portal(configured);
    Ok(StatusCode::NO_CONTENT)
}
