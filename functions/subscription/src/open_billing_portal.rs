//! `POST /subscription/portal`

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use shared::Fault;
use shared::config::{ConfigError, Env};
use shared::db::customers::{self, By};
use shared::http::{self, Error, Json, ProblemCode};
use shared::stripe::objects::PortalSession;
use shared::stripe::{Billing, Reason};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::buyer::Buyer;
use crate::problems::NO_SUBSCRIPTION;

/// The portal of this deployment.
#[derive(Debug, Clone)]
pub(crate) struct Portal {
    /// The URL that it leads back to.
    return_url: Arc<str>,
    /// Its settings at Stripe; without them it has the default ones of the account.
    configuration: Option<Arc<str>>,
}

impl Portal {
    pub(crate) fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let configuration = env.optional("STRIPE_PORTAL_CONFIGURATION").map(Into::into);
        Ok(Self { return_url: env.required("PORTAL_RETURN_URL")?.into(), configuration })
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PortalRequest)]
pub(crate) struct Request {}

/// A link that works once and for a short time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PortalLink)]
pub(crate) struct Response {
    #[schema(example = "https://billing.stripe.com/p/session/test_a1b2")]
    portal_url: String,
}

shared::refusals!(NoSubscription, PortalNotConfigured, BillingUserLimit);

const NOT_CONFIGURED: Error = Error::refused(ProblemCode::PortalNotConfigured, "There is no portal at present.");

/// Open Stripe's portal
///
/// Returns a link to the page where the user changes the means of payment and sees the invoices. It works once and for a
/// short time.
#[utoipa::path(
    post, path = "/subscription/portal", tag = "Subscription", security(("bearer" = [])),
    request_body = Request,
    responses((status = 200, body = Response, description = "The link."), Refusals),
)]
pub(crate) async fn open_billing_portal(
    State(billing): State<Billing>,
    State(portal): State<Portal>,
    Buyer(user): Buyer,
    Json(Request {}): Json<Request>,
) -> http::Result<Json<Response>> {
    let known = customers::status(&billing.db, user, billing.clock.now()).await?;
    let customer = known.and_then(|known| known.stripe_id).ok_or(NO_SUBSCRIPTION)?;
    let mut form = vec![("customer", customer.as_str()), ("return_url", &portal.return_url)];
    form.extend(portal.configuration.as_deref().map(|id| ("configuration", id)));
    let operation = format!("portal-{}", Uuid::now_v7());
    let made: Result<PortalSession, _> = billing.stripe.post(&["billing_portal", "sessions"], &form, &operation).await;
    match made {
        Ok(session) => Ok(Json(Response { portal_url: session.url })),
        Err(error) if error.is_missing() => {
            // The customer was deleted at Stripe, and the event has not arrived yet.
            billing.sync_customer(By::User(user)).await?;
            Err(NO_SUBSCRIPTION)
        }
        Err(error) if error.reason() == Some(Reason::Portal) => {
            tracing::error!(%error, "Stripe refused");
            Err(NOT_CONFIGURED)
        }
        Err(error) => Err(Fault::from(error).into()),
    }
}
