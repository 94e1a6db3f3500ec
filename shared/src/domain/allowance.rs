//! The daily allowance and the plan that sets it.

use serde::Serialize;
use utoipa::ToSchema;

use super::Timestamp;
use crate::config::{ConfigError, Env};

/// What a user pays for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Free.
    Basic,
    /// A paid subscription.
    Pro,
}

impl Tier {
    /// Of an entitlement.
    pub fn of(pro: bool) -> Self {
        if pro { Self::Pro } else { Self::Basic }
    }

    /// As stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Pro => "pro",
        }
    }
}

/// Messages a day, by tier.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Of a free user.
    pub basic: i32,
    /// Of a paying user.
    pub pro: i32,
}

impl Limits {
    /// Of `BASIC_DAILY_LIMIT` (5) and `PRO_DAILY_LIMIT` (1000).
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { basic: env.parsed("BASIC_DAILY_LIMIT", 5)?, pro: env.parsed("PRO_DAILY_LIMIT", 1000)? })
    }

    /// The limit of `tier`.
    pub fn of(self, tier: Tier) -> i32 {
        match tier {
            Tier::Basic => self.basic,
            Tier::Pro => self.pro,
        }
    }
}

/// How much of today's messages is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Allowance {
    /// Messages a day.
    #[schema(example = 5)]
    pub limit: i32,
    /// Spent today.
    #[schema(example = 2)]
    pub used: i32,
    /// Left today.
    #[schema(example = 3)]
    pub remaining: i32,
    /// When it is whole again: the next midnight UTC.
    pub resets_at: Timestamp,
}

impl Allowance {
    /// Today's, of `limit` with `used` spent. A limit lowered below what was spent leaves nothing, not less.
    pub fn new(limit: i32, used: i32, now: Timestamp) -> Self {
        Self { limit, used, remaining: (limit - used).max(0), resets_at: now.next_midnight() }
    }
}
