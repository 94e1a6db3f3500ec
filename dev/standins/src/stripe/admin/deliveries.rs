//! `POST /admin/webhooks`, `POST /admin/deliver`, `GET /admin/deliveries`

use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::admin::{Refused, lock, read};
use crate::stripe::App;
use crate::stripe::deliveries::State as Stand;
use crate::stripe::webhooks::Mode;

/// How events are sent from now on; absent fields stay unchanged.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Configure {
    mode: Option<Mode>,
    shuffle: Option<bool>,
    thin: Option<bool>,
    url: Option<String>,
    secrets: Option<Vec<String>>,
}

/// The events to send now.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Deliver {
    /// One event, held or sent before.
    event_id: Option<String>,
    /// Several, in this order.
    #[serde(default)]
    event_ids: Vec<String>,
}

/// Changes how events are sent.
pub(in crate::stripe) async fn configure(State(app): State<App>, body: Bytes) -> Result<Json<Value>, Refused> {
    let wanted: Configure = read(&body)?;
    let mut endpoint = lock(&app.webhooks.endpoint);
    endpoint.mode = wanted.mode.unwrap_or(endpoint.mode);
    endpoint.shuffle = wanted.shuffle.unwrap_or(endpoint.shuffle);
    endpoint.thin = wanted.thin.unwrap_or(endpoint.thin);
    if wanted.url.is_some() {
        endpoint.url = wanted.url;
    }
    if let Some(secrets) = wanted.secrets {
        endpoint.secrets = secrets;
    }
    Ok(Json(json!(*endpoint)))
}

/// Sends events now, each once, and returns the outcomes. Without ids, it sends all held events.
pub(in crate::stripe) async fn deliver(State(app): State<App>, body: Bytes) -> Result<Json<Value>, Refused> {
    let mut wanted: Deliver = read(&body)?;
    wanted.event_ids.extend(wanted.event_id);
    let deliveries = &app.webhooks.deliveries;
    if lock(&app.webhooks.endpoint).url.is_none() {
        return Err(Refused("no webhook URL is configured".to_owned()));
    }
    let mut numbers = Vec::new();
    for id in &wanted.event_ids {
        let number = deliveries.held_of(id).map_or_else(|| again(&app, id), Ok)?;
        numbers.push(number);
    }
    if wanted.event_ids.is_empty() {
        numbers = deliveries.held();
    }
    let mut done = Vec::with_capacity(numbers.len());
    for number in numbers {
        if !app.webhooks.attempt(number).await {
            deliveries.set(number, Stand::Failed);
        }
        done.extend(deliveries.get(number));
    }
    Ok(Json(json!({ "deliveries": done })))
}

/// Another delivery of an event.
fn again(app: &App, id: &str) -> Result<usize, Refused> {
    let event = lock(&app.world).event(id).cloned().map_err(|_| Refused(format!("no such event: {id}")))?;
    Ok(app.webhooks.deliveries.add(&event, None, Stand::Pending))
}

/// Lists all deliveries, oldest first.
pub(in crate::stripe) async fn list(State(app): State<App>) -> Json<Value> {
    Json(json!({ "deliveries": app.webhooks.deliveries.all() }))
}
