//! The admin calls: `POST /admin/next`, `GET /admin/calls`, `POST /admin/reset`

use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::fault::{Fault, Faults};
use crate::admin::{Refused, lock, read};

/// A fault for the next calls.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Next {
    /// A fault word without its brackets, such as `429:2`.
    fault: String,
    /// How many calls it affects.
    #[serde(default = "once")]
    times: u32,
    /// Only calls whose last user text contains this.
    containing: Option<String>,
}

fn once() -> u32 {
    1
}

/// Queues a fault.
pub(crate) async fn next(State(app): State<App>, body: Bytes) -> Result<StatusCode, Refused> {
    let next: Next = read(&body)?;
    let fault = Fault::parse(&next.fault).ok_or_else(|| Refused(format!("unknown fault: {}", next.fault)))?;
    lock(&app.faults).queue(fault, next.times, next.containing);
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the received calls, oldest first.
pub(crate) async fn calls(State(app): State<App>) -> Json<Value> {
    Json(json!({ "calls": app.calls.all() }))
}

/// Forgets calls, queued faults and counts.
pub(crate) async fn reset(State(app): State<App>) -> StatusCode {
    app.calls.clear();
    *lock(&app.faults) = Faults::default();
    StatusCode::NO_CONTENT
}
