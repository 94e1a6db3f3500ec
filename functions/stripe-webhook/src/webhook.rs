//! `POST /webhook/stripe`

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::config::{ConfigError, Env};
use shared::http::{Code, Error, Json, Result};
use shared::stripe::{self, Billing, signature};
use utoipa::ToSchema;

/// The largest event that is read, in bytes.
pub(crate) const LARGEST_EVENT: usize = 1024 * 1024;

/// The endpoint's signing secrets: two during a rotation. Cloning is cheap.
#[derive(Clone)]
pub(crate) struct Secrets(Arc<[String]>);

impl Secrets {
    /// Of `STRIPE_WEBHOOK_SECRET`, a comma-separated list.
    pub(crate) fn from_env(env: &Env) -> Result<Self, ConfigError> {
        env.required("STRIPE_WEBHOOK_SECRET")?;
        Ok(Self(env.list("STRIPE_WEBHOOK_SECRET").into()))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(…)")
    }
}

/// What every event has; the rest is Stripe's to say.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "tells the contract; events are read by shared::stripe::Event")]
struct Event {
    #[schema(pattern = "^[!-~]{1,255}$", example = "evt_1")]
    id: String,
    #[serde(rename = "type")]
    #[schema(pattern = "^[!-~]{1,255}$", example = "invoice.paid")]
    kind: String,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Received)]
pub(crate) struct Response {
    received: bool,
}

/// Takes an event of Stripe's. The signature is over the bytes as they came, so they are checked before they are read.
/// Anything but 2xx makes Stripe send it again, for three days.
#[utoipa::path(
    post, path = "/webhook/stripe", tag = "Webhooks", operation_id = "receive_stripe_event", params(("Stripe-Signature" = String, Header, description = "The time and signatures.", example = "t=1795435200,v1=5257a869e7ec")),
    summary = "Take an event of Stripe's",
    description = "For Stripe alone. The body is an event as Stripe sends it, signed with the secret of the endpoint. Up to 1 MiB.",
    request_body(content = inline(Event), example = json!({ "id": "evt_1", "object": "event", "type": "invoice.paid" })),
    responses(
        (status = 200, body = Response, description = "It is taken."),
        (status = 400, description = "signature_invalid"),
    ),
)]
pub(crate) async fn webhook(
    State(billing): State<Billing>,
    State(Secrets(secrets)): State<Secrets>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Response>> {
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Error::PayloadTooLarge,
        _ => Error::Malformed("The body could not be read.".into()),
    })?;
    let header = headers.get("stripe-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if let Err(refused) = signature::verify(header, &body, &secrets, billing.clock.now()) {
        tracing::warn!(%refused, "an event that is not taken as Stripe's");
        return Err(Error::BadRequest(Code::SignatureInvalid, "The signature does not fit."));
    }
    let event = stripe::Event::parse(&body).ok_or_else(|| Error::Malformed("The body is not an event.".into()))?;
    tracing::info!(event = event.id, kind = event.kind, "event");
    billing.take(&event).await?;
    Ok(Json(Response { received: true }))
}
