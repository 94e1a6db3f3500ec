//! Whether a person asks for a code: checked before a code is opened, if `CODE_GUARD` says so.

use std::time::Duration;

use shared::Fault;
use shared::cache::{Cache, RateLimit};
use shared::config::{ConfigError, Env};
use shared::domain::Clock;
use shared::http::{Error, ProblemCode, Result};
use shared::telemetry;

use crate::turnstile::Turnstile;

const INVALID: Error = Error::RefusedField(
    ProblemCode::ChallengeTokenInvalid,
    "The challenge token is missing or not valid. Show the challenge again.",
    "/challenge_token",
);

/// The guard. `provider` is `None` if nobody is asked.
#[derive(Debug)]
pub(crate) struct Guard {
    provider: Option<Turnstile>,
    cache: Cache,
    clock: Clock,
    codes_per_day: u64,
    /// Questions to the provider that an address may cause.
    per_ip: RateLimit,
}

impl Guard {
    /// Reads `CODE_GUARD` (`none` or `turnstile`), the settings of its provider, `OTP_DAILY_CAP` and `OTP_PER_IP_HOUR`.
    pub(crate) fn from_env(env: &Env, cache: Cache, clock: Clock) -> Result<Self, ConfigError> {
        let turnstile = Turnstile::from_env(env)?;
        let provider = match (env.optional("CODE_GUARD").as_deref(), turnstile) {
            (None | Some("none"), _) => None,
            (Some("turnstile"), Some(turnstile)) => Some(turnstile),
            (Some("turnstile"), None) => {
                return Err(ConfigError::new("TURNSTILE_SECRET_KEY", "is needed for CODE_GUARD=turnstile"));
            }
            (Some(_), _) => return Err(ConfigError::new("CODE_GUARD", "must be none or turnstile")),
        };
        let per_ip = RateLimit { most: env.parsed("OTP_PER_IP_HOUR", 20)?, within: Duration::from_hours(1) };
        Ok(Self { provider, cache, clock, codes_per_day: env.parsed("OTP_DAILY_CAP", 2000)?, per_ip })
    }

    /// Refuses if no person asks. While the provider is away, codes are sent until half of the hour's slice is used:
    /// an outage locks nobody out, and pumping ends there.
    pub(crate) async fn check(&self, token: Option<&str>, ip: &str) -> Result<()> {
        let Some(provider) = &self.provider else { return Ok(()) };
        // The provider is asked no more often than codes could be requested, whatever the token.
        if let Some(pause) = self.cache.slide("guard-ip", ip, self.per_ip, self.clock.now()).await? {
            let detail = "Too many codes were requested from this address.";
            return Err(Error::RateLimited(ProblemCode::OtpIpLimit, detail, pause));
        }
        let away = match provider.is_person(token.unwrap_or_default()).await {
            Ok(true) => return Ok(()),
            Ok(false) => return Err(INVALID),
            Err(away) => away,
        };
        telemetry::count("CodeGuardAway", 1, self.clock.now());
        // A slice is a 24th of the day.
        if self.cache.handed_over(self.clock.now()).await? * 24 * 2 > self.codes_per_day {
            return Err(Fault::Guard(away).into());
        }
        tracing::error!(%away, "the guard of codes does not answer; the code is sent");
        Ok(())
    }
}
