//! The caller of a request that asks Stripe, as an extractor.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use shared::cache::RateLimit;
use shared::config::{ConfigError, Env};
use shared::domain::UserId;
use shared::http::{Caller, Error, ProblemCode};

use crate::App;

/// How many requests of a user may ask Stripe. Each keeps an environment, a connection and often the user's row for a
/// second, and a change is an event for the webhook: without a limit of its own one user could keep all of them busy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BuyerLimit(RateLimit);

impl BuyerLimit {
    /// Reads `BILLING_PER_USER_MINUTE`; 0 removes the limit.
    pub(crate) fn from_env(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self(RateLimit { most: env.parsed("BILLING_PER_USER_MINUTE", 10)?, within: Duration::from_mins(1) }))
    }
}

/// A signed-in user who has not asked Stripe too often. Without Redis nothing is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Buyer(pub(crate) UserId);

impl FromRequestParts<App> for Buyer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let Caller { user, .. } = Caller::from_request_parts(parts, app).await?;
        match app.auth.cache.slide("billing-user", &user.to_string(), app.buyer_limit.0, app.clock.now()).await {
            Ok(None) => {}
            Ok(Some(pause)) => {
                let detail = "This user has asked for changes of the subscription too often.";
                return Err(Error::RateLimited(ProblemCode::BillingUserLimit, detail, pause));
            }
            Err(error) => tracing::warn!(%error, "a request that asks Stripe is not counted"),
        }
        Ok(Self(user))
    }
}
