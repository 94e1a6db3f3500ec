//! Limits against SMS fraud and guessing: sliding, atomic, shared by every instance.

use std::time::Duration;

use super::Cache;
use super::scripts::SLIDE;
use crate::Fault;
use crate::config::{ConfigError, Env};
use crate::domain::{Timestamp, words};

/// How many one-time codes may be requested. 0 removes the limits by address and by prefix; as the stack's cap it
/// allows no codes.
#[derive(Debug, Clone)]
pub struct OtpLimits {
    /// Pause after a mobile's first code; it is twice and four times as long after the next ones.
    pub cooldown: Duration,
    /// Codes for a mobile in an hour.
    pub per_mobile_hour: u32,
    /// Codes for a mobile in a day.
    pub per_mobile_day: u32,
    /// Codes requested from an address (IPv6: a /64) in an hour.
    pub per_ip_hour: u32,
    /// Codes for numbers that differ in their last four digits alone, in an hour.
    pub per_prefix_hour: u32,
    /// Codes of the whole stack in a UTC day. This caps the bill.
    pub per_day: u32,
}

impl OtpLimits {
    /// Reads the `OTP_…` variables.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let per_mobile = |name, default| match env.parsed(name, default)? {
            0 => Err(ConfigError::new(name, "must be at least 1: a mobile's limit cannot be lifted")),
            most => Ok(most),
        };
        Ok(Self {
            cooldown: env.seconds("OTP_COOLDOWN_SECONDS", 30)?,
            per_mobile_hour: per_mobile("OTP_PER_MOBILE_HOUR", 5)?,
            per_mobile_day: per_mobile("OTP_PER_MOBILE_DAY", 10)?,
            per_ip_hour: env.parsed("OTP_PER_IP_HOUR", 20)?,
            per_prefix_hour: env.parsed("OTP_PER_PREFIX_HOUR", 30)?,
            per_day: env.parsed("OTP_DAILY_CAP", 2000)?,
        })
    }
}

words!(
    /// A limit of one-time codes.
    OtpLimit {
        /// The pause after the mobile's last code.
        Cooldown = "cooldown",
        /// The mobile's codes in an hour or a day.
        Mobile = "mobile",
        /// The address' codes in an hour.
        Ip = "ip",
        /// The codes of neighbouring numbers in an hour.
        Prefix = "prefix",
        /// The stack's codes in a day.
        Stack = "stack",
    }
);

/// Which limit refused a code, and how long it will refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtpRefusal {
    /// The limit.
    pub limit: OtpLimit,
    /// How long to wait.
    pub pause: Duration,
}

/// A number of events within a time.
#[derive(Debug, Clone, Copy)]
pub struct RateLimit {
    /// Events that are allowed; 0 removes the limit.
    pub most: u32,
    /// How far back events are counted.
    pub within: Duration,
}

impl Cache {
    /// Counts an event of `kind` by `of`. If that would exceed the limit, counts nothing and returns how long to wait.
    pub async fn slide(
        &self,
        kind: &str,
        of: &str,
        limit: RateLimit,
        now: Timestamp,
    ) -> Result<Option<Duration>, Fault> {
        if limit.most == 0 {
            return Ok(None);
        }
        let mut call = SLIDE.prepare_invoke();
        call.key(self.key(kind, of))
            .arg(now.unix_millis())
            .arg(limit.within.as_secs())
            .arg(limit.most)
            .arg(uuid::Uuid::new_v4().to_string());
        let wait: u64 = self.script(&call).await?;
        Ok((wait > 0).then(|| Duration::from_secs(wait)))
    }

    /// Forgets the events of `kind` by `of`.
    pub async fn forget(&self, kind: &str, of: &str) -> Result<(), Fault> {
        self.delete(self.key(kind, of)).await.map(drop)
    }
}
