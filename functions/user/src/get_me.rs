//! `GET /user/me`

use axum::extract::State;
use serde::Serialize;
use shared::auth::Caller;
use shared::db::{Db, users};
use shared::domain::{Allowance, Clock, Limits, Tier, Timestamp, UserId};
use shared::http::{Error, Json, Result};

/// An account as its owner sees it.
#[derive(Debug, Serialize)]
pub(crate) struct Response {
    id: UserId,
    mobile: String,
    name: Option<String>,
    email: Option<String>,
    tier: Tier,
    allowance: Allowance,
    created_at: Timestamp,
}

impl Response {
    pub(crate) fn of(user: users::User, limits: Limits, now: Timestamp) -> Self {
        let allowance = user.allowance(limits, now);
        let users::User { id, mobile, name, email, created_at, tier, .. } = user;
        Self { id, mobile, name, email, tier, allowance, created_at }
    }
}

/// What is said to a live token of an account that was deleted a moment ago.
pub(crate) const GONE: Error = Error::Unauthenticated("The account is gone.");

/// The caller's profile, plan, and what is left of the day.
pub(crate) async fn get_me(
    State(db): State<Db>,
    State(limits): State<Limits>,
    State(clock): State<Clock>,
    caller: Caller,
) -> Result<Json<Response>> {
    let now = clock.now();
    let user = users::find(&db, caller.user, now).await?.ok_or(GONE)?;
    Ok(Json(Response::of(user, limits, now)))
}
