//! An account as its owner sees it, at sign-in and in the profile.

use serde::Serialize;
use utoipa::ToSchema;

use crate::db::users::User;
use crate::domain::{Allowance, Limits, Tier, Timestamp, UserId};

/// An account with its plan and what is left of the day.
#[derive(Debug, Serialize, ToSchema)]
pub struct Account {
    id: UserId,
    #[schema(example = "+14155550123")]
    mobile: String,
    #[schema(example = "Ada Lovelace")]
    name: Option<String>,
    #[schema(example = "ada@example.org")]
    email: Option<String>,
    tier: Tier,
    allowance: Allowance,
    created_at: Timestamp,
}

impl Account {
    /// Of a stored account, under `limits`, at `now`.
    pub fn of(user: User, limits: Limits, now: Timestamp) -> Self {
        let allowance = user.allowance(limits, now);
        let User { id, mobile, name, email, created_at, tier, .. } = user;
        Self { id, mobile, name, email, tier, allowance, created_at }
    }
}
