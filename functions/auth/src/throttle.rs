//! Limits that slow guessing down: passwords per account and per address, sign-ups per address.

use std::time::Duration;

use shared::cache::{Cache, RateLimit};
use shared::config::{ConfigError, Env};
use shared::domain::{Clock, Mobile};
use shared::http::{Error, ProblemCode, Result};

/// Wrong passwords of an account; a right one resets the count.
const PER_ACCOUNT: RateLimit = RateLimit { most: 10, within: Duration::from_mins(15) };
const HOUR: Duration = Duration::from_hours(1);

const ACCOUNT: &str = "password-mobile";
const ADDRESS: &str = "password-ip";
const SIGNUPS: &str = "signup-ip";

#[derive(Debug, Clone)]
pub(crate) struct Throttle {
    cache: Cache,
    clock: Clock,
    per_ip: RateLimit,
}

impl Throttle {
    /// Reads `LOGIN_PER_IP_HOUR`; 0 removes the limits by address.
    pub(crate) fn from_env(env: &Env, cache: Cache, clock: Clock) -> Result<Self, ConfigError> {
        let per_ip = RateLimit { most: env.parsed("LOGIN_PER_IP_HOUR", 60)?, within: HOUR };
        Ok(Self { cache, clock, per_ip })
    }

    /// Counts a password before it is tried: by address, then by number, whether or not the number has an account.
    pub(crate) async fn admit(&self, mobile: &Mobile, ip: &str) -> Result<()> {
        let now = self.clock.now();
        if let Some(pause) = self.cache.slide(ADDRESS, ip, self.per_ip, now).await? {
            let detail = "Too many passwords were tried from this address.";
            return Err(Error::RateLimited(ProblemCode::LoginIpLimit, detail, pause));
        }
        if let Some(pause) = self.cache.slide(ACCOUNT, mobile.as_str(), PER_ACCOUNT, now).await? {
            let detail = "Too many passwords were tried for this number. Sign in with a code, or wait.";
            return Err(Error::RateLimited(ProblemCode::LoginMobileLimit, detail, pause));
        }
        Ok(())
    }

    /// Resets an account's count after its password was right.
    pub(crate) async fn forgive(&self, mobile: &Mobile) {
        if let Err(error) = self.cache.forget(ACCOUNT, mobile.as_str()).await {
            tracing::warn!(%error, "a right password counts as a wrong one");
        }
    }

    /// Counts a sign-up: each may cost a password hash, and memory in Redis until it expires.
    pub(crate) async fn admit_signup(&self, ip: &str) -> Result<()> {
        match self.cache.slide(SIGNUPS, ip, self.per_ip, self.clock.now()).await? {
            Some(pause) => {
                Err(Error::RateLimited(ProblemCode::SignupIpLimit, "Too many sign-ups from this address.", pause))
            }
            None => Ok(()),
        }
    }
}
