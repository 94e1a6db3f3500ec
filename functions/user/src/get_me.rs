//! `GET /user/me`

use axum::extract::State;
use shared::db::{Db, users};
use shared::domain::{Clock, Limits};
use shared::http::{ACCOUNT_GONE, Account, Caller, Result, Revalidated};

/// Read the account
///
/// Returns the caller's profile, plan, and the day's allowance.
#[utoipa::path(
    get, path = "/user/me", tag = "Account", security(("bearer" = [])),
    responses((status = 200, body = Account, description = "The account."), (status = 304, description = "Not changed.")),
)]
pub(crate) async fn get_me(
    State(db): State<Db>,
    State(limits): State<Limits>,
    State(clock): State<Clock>,
    caller: Caller,
) -> Result<Revalidated<Account>> {
    let now = clock.now();
    let user = users::find(&db, caller.user, now).await?.ok_or(ACCOUNT_GONE)?;
    Ok(Revalidated(Account::of(user, limits, now)))
}
