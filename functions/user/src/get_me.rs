//! `GET /user/me`

use axum::extract::State;
use shared::auth::Caller;
use shared::db::{Db, users};
use shared::domain::{Clock, Limits};
use shared::http::{Account, Error, Json, Result};

/// What is said to a live token of an account that was deleted a moment ago.
pub(crate) const GONE: Error = Error::Unauthenticated("The account is gone.");

/// The caller's profile, plan, and what is left of the day.
#[utoipa::path(
    get, path = "/user/me", tag = "Account", security(("bearer" = [])),
    summary = "Read the account",
    description = "The caller's profile, plan, and what is left of the day.",
    responses((status = 200, body = Account, description = "The account."), (status = 304, description = "As it was.")),
)]
pub(crate) async fn get_me(
    State(db): State<Db>,
    State(limits): State<Limits>,
    State(clock): State<Clock>,
    caller: Caller,
) -> Result<Json<Account>> {
    let now = clock.now();
    let user = users::find(&db, caller.user, now).await?.ok_or(GONE)?;
    Ok(Json(Account::of(user, limits, now)))
}
