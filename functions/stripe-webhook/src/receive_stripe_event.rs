//! `POST /webhook/stripe`

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::config::{ConfigError, Env};
use shared::http::{Error, Json, ProblemCode, Result, unreadable};
use shared::stripe::{self, Billing, signature};
use shared::telemetry::{self, Unit};
use utoipa::ToSchema;

/// The endpoint's signing secrets: two during a rotation. Cloning is cheap.
#[derive(Clone)]
pub(crate) struct Secrets(Arc<[String]>);

impl Secrets {
    /// Reads `STRIPE_WEBHOOK_SECRET`, a comma-separated list.
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

/// The fields that every event has. Stripe defines the others.
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

shared::refusals!(SignatureInvalid);

/// Receive an event of Stripe's
///
/// Only for Stripe. The body is an event as Stripe sends it, signed with the secret of the endpoint. At most 1 MiB.
// Anybody may send bodies here, so they are refused by their length, then by the header, then by the signature over the
// bytes as they were sent, and only then parsed. Stripe retries an event for three days, until the response is 2xx.
#[utoipa::path(
    post, path = "/webhook/stripe", tag = "Webhooks",
    params(("Stripe-Signature" = String, Header, description = "The time and signatures.",
        example = "t=1795435200,v1=5257a869e7ec")),
    request_body(content = inline(Event),
        example = json!({ "id": "evt_1", "object": "event", "type": "invoice.paid" })),
    responses((status = 200, body = Response, description = "The event is received."), Refusals),
)]
pub(crate) async fn receive_stripe_event(
    State(billing): State<Billing>,
    State(Secrets(secrets)): State<Secrets>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Response>> {
    let body = body.map_err(|rejection| unreadable(&rejection))?;
    let header = headers.get("stripe-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if let Err(refused) = signature::verify(header, &body, &secrets, billing.clock.now()) {
        tracing::warn!(%refused, "an event is not accepted as Stripe's");
        telemetry::count_by("WebhookRefused", &[("Reason", refused.as_str())], 1, billing.clock.now());
        return Err(Error::refused(ProblemCode::SignatureInvalid, refused.advice()));
    }
    let event = stripe::Event::parse(&body).ok_or_else(|| Error::malformed("The body is not an event."))?;
    tracing::info!(event = event.id, kind = event.kind, "event");
    if let Some(created) = event.created {
        let (now, unit) = (billing.clock.now(), Unit::Seconds);
        telemetry::measure("StripeLagSeconds", unit, &[], now.since(created).as_secs(), now);
    }
    billing.process_event(&event).await?;
    Ok(Json(Response { received: true }))
}
