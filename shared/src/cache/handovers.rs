//! What is handed to SNS, counted where it is handed over: the deployment's cap and the limit of a range of numbers.
//!
//! Both stop numbers that nobody signed in to, and no others: a number that has an account or whose code was requested
//! with a device token has limits of its own, which strangers cannot spend.

use super::Cache;
use super::scripts::HAND_OVER;
use crate::Fault;
use crate::config::{ConfigError, Env};
use crate::domain::{ChallengeId, Mobile, Timestamp};

/// Codes that may be handed over for numbers without an account.
#[derive(Debug, Clone)]
pub struct HandoverLimits {
    /// Codes for numbers that differ in their last four digits alone, in an hour; 0 removes the limit.
    pub per_range_hour: u32,
    /// Codes of the deployment in a day. Each hour has a slice of it.
    pub per_day: u32,
    /// The share of each slice that is reserved for numbers with accounts or device tokens, in percent.
    pub reserved_percent: u32,
    /// How many hours' slices may be used at once, if they were not used before.
    pub burst_hours: u32,
}

impl HandoverLimits {
    /// Reads the `OTP_…` variables.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let reserved_percent = env.parsed("OTP_RESERVED_PERCENT", 50)?;
        if reserved_percent > 100 {
            return Err(ConfigError::new("OTP_RESERVED_PERCENT", "must be 0 to 100"));
        }
        let burst_hours = env.parsed("OTP_BURST_HOURS", 4)?;
        if !(1..=24).contains(&burst_hours) {
            return Err(ConfigError::new("OTP_BURST_HOURS", "must be 1 to 24"));
        }
        Ok(Self {
            per_range_hour: env.parsed("OTP_PER_PREFIX_HOUR", 30)?,
            per_day: env.parsed("OTP_DAILY_CAP", 2000)?,
            reserved_percent,
            burst_hours,
        })
    }

    /// Whether so many codes in an hour are more than the cap has for the hours of a burst.
    pub fn is_beyond(&self, in_hour: u64) -> bool {
        in_hour * 24 > u64::from(self.per_day) * u64::from(self.burst_hours)
    }

    /// What numbers without an account may use of each hour's slice.
    fn of_an_hour(&self) -> f64 {
        f64::from(self.per_day) / 24.0 * f64::from(100 - self.reserved_percent) / 100.0
    }
}

/// Whether a code may be handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handover {
    /// It may, and is counted.
    Counted(Use),
    /// Too many codes went to the range of numbers.
    Range,
    /// The deployment's codes for numbers without an account are used up for now.
    Cap,
}

/// What became of the codes to a country, in this hour and in the one before; and all codes of this hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use {
    /// Codes that were sent.
    pub sent: u64,
    /// Codes that were used to sign in or to set a password.
    pub used: u64,
    /// Codes that were sent in this hour to all countries.
    pub in_hour: u64,
}

impl Cache {
    /// Counts a code that is about to be handed to SNS. A code that is handed over again is counted once. `is_known`:
    /// the number has an account, or its code was requested with a device token.
    pub async fn hand_over(
        &self,
        id: ChallengeId,
        mobile: &Mobile,
        is_known: bool,
        limits: &HandoverLimits,
        now: Timestamp,
    ) -> Result<Handover, Fault> {
        let rate = limits.of_an_hour();
        let [hour, before] = self.hours(now);
        let range = self.code_key("codes-range", mobile.prefix());
        let bucket = self.code_key("codes-bucket", "");
        let mut call = HAND_OVER.prepare_invoke();
        call.key(&[self.challenge_key(id), range, bucket, hour, before])
            .arg(now.unix_millis())
            .arg(id.to_string())
            .arg(u8::from(is_known))
            .arg(mobile.calling_code())
            .arg(limits.per_range_hour)
            .arg(rate)
            .arg(rate * f64::from(limits.burst_hours));
        let (refused, sent, used, in_hour): (String, u64, u64, u64) = self.script(&call).await?;
        match refused.as_str() {
            "" => Ok(Handover::Counted(Use { sent, used, in_hour })),
            "range" => Ok(Handover::Range),
            "stack" => Ok(Handover::Cap),
            _ => Err(Fault::Bug("a script returned an unknown limit")),
        }
    }

    /// How many codes were handed to SNS in this hour.
    pub async fn handed_over(&self, now: Timestamp) -> Result<u64, Fault> {
        let [hour, _] = self.hours(now);
        Ok(self.run::<Option<u64>>(redis::Cmd::hget(hour, "sent")).await?.unwrap_or_default())
    }
}
