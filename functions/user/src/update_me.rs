//! `PATCH /user/me`

use axum::extract::State;
use serde::Deserialize;
use shared::auth::Caller;
use shared::db::{Db, users};
use shared::domain::{Clock, Email, Limits, Name};
use shared::http::{Account, Json, Result, given};
use utoipa::ToSchema;

use crate::get_me::GONE;

#[derive(Debug, Deserialize, ToSchema)]
#[expect(clippy::option_option, reason = "absent, null and given are three different things")]
#[serde(deny_unknown_fields)]
#[schema(as = UpdateProfileRequest)]
pub(crate) struct Request {
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Name>)]
    name: Option<Option<Name>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Email>)]
    email: Option<Option<Email>>,
}

/// Changes what is given of the caller's profile.
#[utoipa::path(
    patch, path = "/user/me", tag = "Account", security(("bearer" = [])),
    summary = "Change the account",
    description = "Changes what is given of the profile; `null` clears a field.",
    request_body = Request,
    responses((status = 200, body = Account, description = "The account as it is now.")),
)]
pub(crate) async fn update_me(
    State(db): State<Db>,
    State(limits): State<Limits>,
    State(clock): State<Clock>,
    caller: Caller,
    Json(request): Json<Request>,
) -> Result<Json<Account>> {
    let (name, email) = (request.name.as_ref(), request.email.as_ref());
    let now = clock.now();
    let changed = users::update(&db, caller.user, name.map(Option::as_ref), email.map(Option::as_ref), now).await?;
    Ok(Json(Account::of(changed.ok_or(GONE)?, limits, now)))
}
