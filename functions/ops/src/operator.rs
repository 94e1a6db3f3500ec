//! Operators send their own key; users' tokens are not accepted. Wrong keys are limited by address.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use shared::cache::{Attempt, Cache, RateLimit};
use shared::config::{ConfigError, Env};
use shared::domain::Clock;
use shared::http::{ClientAddress, Error, ProblemCode, TrustedProxies};
use subtle::ConstantTimeEq;

const HOUR: Duration = Duration::from_hours(1);

/// The key that operators share, and what limits tries at it. Cloning is cheap.
#[derive(Clone)]
pub(crate) struct Operators {
    key: Arc<str>,
    per_ip: RateLimit,
    proxies: TrustedProxies,
    cache: Cache,
    clock: Clock,
}

impl Operators {
    /// Reads `OPERATOR_KEY` and `OPERATOR_TRIES_PER_IP_HOUR` (10; 0 removes the limit).
    pub(crate) fn from_env(env: &Env, cache: Cache, clock: Clock) -> Result<Self, ConfigError> {
        let per_ip = RateLimit { most: env.parsed("OPERATOR_TRIES_PER_IP_HOUR", 10)?, within: HOUR };
        let proxies = TrustedProxies::from_env(env)?;
        Ok(Self { key: env.required("OPERATOR_KEY")?.into(), per_ip, proxies, cache, clock })
    }

    /// Counts a try from an address. Without Redis nothing is limited: whoever has the right key most likely looks for
    /// what is wrong, and nobody guesses a key of 32 characters.
    async fn count(&self, right: bool, address: &str) -> Attempt {
        let unlimited = Attempt { pause: None, wrong: u32::from(!right) };
        if self.per_ip.most == 0 {
            return unlimited;
        }
        let counted = self.cache.attempt("operator-ip", address, right, self.per_ip, self.clock.now()).await;
        counted.unwrap_or_else(|error| {
            tracing::warn!(%error, "tries at the operator key are not limited");
            unlimited
        })
    }
}

impl std::fmt::Debug for Operators {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Operators(…)")
    }
}

/// A caller who sent the key in `X-Operator-Key`.
#[derive(Debug)]
pub(crate) struct Operator;

impl<S: Send + Sync> FromRequestParts<S> for Operator
where
    Operators: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let operators = Operators::from_ref(state);
        let ClientAddress(address) = operators.proxies.client(parts);
        let shown = parts.headers.get("x-operator-key").ok_or(Error::unauthenticated("X-Operator-Key is missing."))?;
        let right = bool::from(shown.as_bytes().ct_eq(operators.key.as_bytes()));
        let Attempt { pause, wrong } = operators.count(right, &address).await;
        if let Some(pause) = pause {
            tracing::warn!(wrong, "an address is refused because of wrong operator keys");
            let detail = "Too many wrong operator keys came from this address.";
            return Err(Error::RateLimited(ProblemCode::OperatorIpLimit, detail, pause));
        }
        if right {
            return Ok(Self);
        }
        tracing::warn!(wrong, "a wrong operator key");
        Err(Error::forbidden("The operator key is not right."))
    }
}
