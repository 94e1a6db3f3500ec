//! An account as its owner sees it, at sign-in and in the profile.

use serde::Serialize;
use utoipa::ToSchema;

use super::Error;
use crate::db::users::User;
use crate::domain::{Allowance, Limits, Mobile, Tier, Timestamp, UserId};

/// The refusal of a valid token whose account was deleted a moment ago.
pub const ACCOUNT_GONE: Error = Error::unauthenticated("The account is gone.");

/// An account with its plan and the rest of the day's allowance.
#[derive(Debug, Serialize, ToSchema)]
pub struct Account {
    id: UserId,
    #[schema(value_type = String, example = "+14155550123")]
    mobile: Mobile,
    #[schema(example = "Ada Lovelace")]
    name: Option<String>,
    #[schema(example = "ada@example.org")]
    email: Option<String>,
    tier: Tier,
    allowance: Allowance,
    created_at: Timestamp,
}

impl Account {
    /// The view of a stored account, under `limits`, at `now`.
    pub fn of(user: User, limits: Limits, now: Timestamp) -> Self {
        let allowance = user.allowance(limits, now);
        let User { id, mobile, name, email, created_at, tier, .. } = user;
        Self { id, mobile, name, email, tier, allowance, created_at }
    }
}
