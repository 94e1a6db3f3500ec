//! What slows guessing down: passwords per account and per address, sign-ups per address.

use std::time::Duration;

use shared::cache::{Cache, Window};
use shared::config::{ConfigError, Env};
use shared::domain::Clock;
use shared::http::{Code, Error, Result};

/// Failures of an account's password; a right one forgets them.
const PER_ACCOUNT: Window = Window { most: 10, within: Duration::from_mins(15) };
const HOUR: Duration = Duration::from_hours(1);

const ACCOUNT: &str = "password-mobile";
const ADDRESS: &str = "password-ip";
const SIGNUPS: &str = "signup-ip";

#[derive(Debug, Clone)]
pub(crate) struct Throttle {
    cache: Cache,
    clock: Clock,
    per_ip: Window,
}

impl Throttle {
    /// Of `LOGIN_PER_IP_HOUR`; 0 lifts the limits by address.
    pub(crate) fn from_env(env: &Env, cache: Cache, clock: Clock) -> Result<Self, ConfigError> {
        let per_ip = Window { most: env.parsed("LOGIN_PER_IP_HOUR", 60)?, within: HOUR };
        Ok(Self { cache, clock, per_ip })
    }

    /// Counts a password to be tried, before it is: by address, then by account, be there one or not.
    pub(crate) async fn admit(&self, mobile: &str, ip: &str) -> Result<()> {
        let now = self.clock.now();
        if let Some(pause) = self.cache.slide(ADDRESS, ip, self.per_ip, now).await? {
            return Err(Error::RateLimited(
                Code::LoginIpLimit,
                "Too many passwords were tried from this address.",
                pause,
            ));
        }
        if let Some(pause) = self.cache.slide(ACCOUNT, mobile, PER_ACCOUNT, now).await? {
            let detail = "Too many passwords were tried for this number. Sign in by a code, or wait.";
            return Err(Error::RateLimited(Code::LoginMobileLimit, detail, pause));
        }
        Ok(())
    }

    /// Forgets an account's failures after its password was right.
    pub(crate) async fn forgive(&self, mobile: &str) {
        if let Err(error) = self.cache.forget(ACCOUNT, mobile).await {
            tracing::warn!(%error, "a right password counts as a failure");
        }
    }

    /// Counts a sign-up: each may cost a hash, and memory while it waits.
    pub(crate) async fn admit_signup(&self, ip: &str) -> Result<()> {
        match self.cache.slide(SIGNUPS, ip, self.per_ip, self.clock.now()).await? {
            Some(pause) => Err(Error::RateLimited(Code::SignupIpLimit, "Too many sign-ups from this address.", pause)),
            None => Ok(()),
        }
    }
}
