//! `POST /admin/fail`, `GET /admin/calls`, `POST /admin/reset`

use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use crate::admin::{Refused, lock, read};
use crate::stripe::App;
use crate::stripe::failures::Failure;

/// Makes the next API calls fail or be slow.
pub(in crate::stripe) async fn fail(State(app): State<App>, body: Bytes) -> Result<StatusCode, Refused> {
    let failure: Failure = read(&body)?;
    if failure.status.is_some_and(|status| !(400..600).contains(&status)) {
        return Err(Refused("status must be between 400 and 599".to_owned()));
    }
    lock(&app.failures).add(failure);
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the received API calls, oldest first.
pub(in crate::stripe) async fn calls(State(app): State<App>) -> Json<Value> {
    Json(json!({ "calls": *lock(&app.calls) }))
}

/// Removes objects, events, calls, failures, keys and deliveries; the endpoint stays configured.
pub(in crate::stripe) async fn reset(State(app): State<App>) -> StatusCode {
    lock(&app.world).reset();
    lock(&app.calls).clear();
    lock(&app.failures).clear();
    app.keys.clear();
    app.webhooks.deliveries.clear();
    StatusCode::NO_CONTENT
}
