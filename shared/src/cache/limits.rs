//! Limits against SMS fraud and guessing: sliding, atomic, shared by every instance.

use std::time::Duration;

use super::Cache;
use super::challenges::issued;
use super::scripts::SLIDE;
use crate::Fault;
use crate::auth::DeviceToken;
use crate::config::{ConfigError, Env};
use crate::domain::{Timestamp, words};

/// How many one-time codes may be requested, for each purpose. Holders of a device token have the limits of a number
/// once more, for themselves. 0 removes the limits by address and by asker.
#[derive(Debug, Clone)]
pub struct OtpLimits {
    /// Pause after an asker's first code to a mobile; it is twice and four times as long after the next ones.
    pub cooldown: Duration,
    /// Codes for a mobile in an hour.
    pub per_mobile_hour: u32,
    /// Codes for a mobile in a day.
    pub per_mobile_day: u32,
    /// Codes for a mobile from one address in an hour: less than the mobile's, so nobody spends them alone.
    pub per_asker_hour: u32,
    /// Codes for a mobile from one address in a day.
    pub per_asker_day: u32,
    /// Codes requested from an address (IPv6: a /64) in an hour, whatever they are for.
    pub per_ip_hour: u32,
    /// Codes of strangers that are open at once for a mobile.
    pub open: u32,
}

impl OtpLimits {
    /// Reads the `OTP_…` variables.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let at_least_one = |name, default| match env.parsed(name, default)? {
            0 => Err(ConfigError::new(name, "must be at least 1: a mobile's limit cannot be lifted")),
            most => Ok(most),
        };
        Ok(Self {
            cooldown: env.seconds("OTP_COOLDOWN_SECONDS", 30)?,
            per_mobile_hour: at_least_one("OTP_PER_MOBILE_HOUR", 5)?,
            per_mobile_day: at_least_one("OTP_PER_MOBILE_DAY", 10)?,
            per_asker_hour: env.parsed("OTP_PER_MOBILE_IP_HOUR", 3)?,
            per_asker_day: env.parsed("OTP_PER_MOBILE_IP_DAY", 5)?,
            per_ip_hour: env.parsed("OTP_PER_IP_HOUR", 20)?,
            open: at_least_one("OTP_OPEN_PER_MOBILE", 3)?,
        })
    }
}

words!(
    /// A limit of one-time codes.
    OtpLimit {
        /// The pause after the asker's last code to the mobile.
        Cooldown = "cooldown",
        /// The mobile's codes in an hour or a day.
        Mobile = "mobile",
        /// The codes of one address to the mobile in an hour or a day.
        Asker = "asker",
        /// The address' codes in an hour.
        Ip = "ip",
        /// The mobile's open codes.
        Open = "open",
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

/// Events that are counted against a limit.
#[derive(Debug, Clone, Copy)]
pub struct Slide<'a> {
    /// What is counted.
    pub kind: &'static str,
    /// Whose events they are.
    pub of: &'a str,
    /// The limit.
    pub limit: RateLimit,
    /// How many events there are.
    pub events: u32,
}

/// The result of counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slid {
    /// All were counted.
    Counted,
    /// The limit of this kind refuses for so long; nothing was counted.
    Refused(&'static str, Duration),
    /// The device token was ended; nothing was counted.
    TokenEnded,
}

impl Cache {
    /// Counts an event of `kind` by `of`. If that would exceed the limit, counts nothing and returns how long to wait.
    pub async fn slide(
        &self,
        kind: &'static str,
        of: &str,
        limit: RateLimit,
        now: Timestamp,
    ) -> Result<Option<Duration>, Fault> {
        match self.slide_all(&[Slide { kind, of, limit, events: 1 }], None, now).await? {
            Slid::Refused(_, pause) => Ok(Some(pause)),
            Slid::Counted | Slid::TokenEnded => Ok(None),
        }
    }

    /// Counts events against several limits in one step: all of them, or none if one refuses. The first that refuses
    /// is returned. A device token that counts must not be ended.
    pub async fn slide_all(
        &self,
        slides: &[Slide<'_>],
        token: Option<&DeviceToken>,
        now: Timestamp,
    ) -> Result<Slid, Fault> {
        let limited: Vec<_> = slides.iter().filter(|slide| slide.limit.most > 0 && slide.events > 0).collect();
        if limited.is_empty() {
            return Ok(Slid::Counted);
        }
        let mut call = SLIDE.prepare_invoke();
        call.key(self.mark_key(token));
        call.arg(now.unix_millis()).arg(uuid::Uuid::new_v4().to_string()).arg(issued(token));
        for slide in &limited {
            call.key(self.code_key(slide.kind, slide.of));
            call.arg(slide.limit.within.as_secs()).arg(slide.limit.most).arg(slide.events);
        }
        let (refused, seconds): (isize, u64) = self.script(&call).await?;
        Ok(match usize::try_from(refused) {
            Err(_) => Slid::TokenEnded,
            Ok(number) => match number.checked_sub(1).and_then(|at| limited.get(at)) {
                Some(slide) => Slid::Refused(slide.kind, Duration::from_secs(seconds)),
                None => Slid::Counted,
            },
        })
    }

    /// Forgets the events of each kind by somebody.
    pub async fn forget_all(&self, counted: &[(&'static str, &str)]) -> Result<(), Fault> {
        let keys: Vec<_> = counted.iter().map(|(kind, of)| self.code_key(kind, of)).collect();
        self.run(redis::Cmd::del(keys)).await
    }
}
