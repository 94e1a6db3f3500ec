//! The daily allowance and the plan that sets it.

use serde::Serialize;
use utoipa::ToSchema;

use super::Timestamp;
use super::words::words;
use crate::config::{ConfigError, Env};

words!(
    /// What a user pays for.
    Tier {
        /// Free.
        Basic = "basic",
        /// A paid subscription.
        Pro = "pro",
    }
);

/// Messages a day, by tier.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For a free user.
    pub basic: i32,
    /// For a paying user.
    pub pro: i32,
}

impl Limits {
    /// Reads `BASIC_DAILY_LIMIT` (5) and `PRO_DAILY_LIMIT` (1000).
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { basic: env.parsed("BASIC_DAILY_LIMIT", 5)?, pro: env.parsed("PRO_DAILY_LIMIT", 1000)? })
    }

    /// The daily limit of `tier`.
    pub fn of(self, tier: Tier) -> i32 {
        match tier {
            Tier::Basic => self.basic,
            Tier::Pro => self.pro,
        }
    }
}

/// What a user may have at the same time.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Unfinished replies of a free user.
    pub unfinished_basic: i32,
    /// Unfinished replies of a paying user.
    pub unfinished_pro: i32,
    /// Rooms.
    pub rooms: i64,
}

impl Bounds {
    /// Reads `UNFINISHED_REPLIES_BASIC` (5), `UNFINISHED_REPLIES` (20) and `ROOMS_PER_USER` (1000).
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            unfinished_basic: env.parsed("UNFINISHED_REPLIES_BASIC", 5)?,
            unfinished_pro: env.parsed("UNFINISHED_REPLIES", 20)?,
            rooms: env.parsed("ROOMS_PER_USER", 1000)?,
        })
    }
}

/// How many replies of a day a user may call off without being charged, before the model is asked.
#[derive(Debug, Clone, Copy)]
pub struct FreeCancels(pub i32);

impl FreeCancels {
    /// Reads `FREE_CANCELS_PER_DAY` (5).
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        env.parsed("FREE_CANCELS_PER_DAY", 5).map(Self)
    }
}

/// How much of today's messages is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({ "limit": 5, "used": 2, "remaining": 3, "resets_at": "2026-11-24T00:00:00.000Z" }))]
pub struct Allowance {
    /// Messages a day.
    pub limit: i32,
    /// Spent today.
    pub used: i32,
    /// Left today.
    pub remaining: i32,
    /// When the whole limit is available again: the next midnight UTC.
    pub resets_at: Timestamp,
}

impl Allowance {
    /// Today's allowance: `used` of `limit` messages are spent. If the limit was lowered below that, none remain.
    pub fn new(limit: i32, used: i32, now: Timestamp) -> Self {
        Self { limit, used, remaining: (limit - used).max(0), resets_at: now.next_midnight() }
    }
}
