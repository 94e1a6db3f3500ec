//! `PATCH /user/me`

use axum::extract::State;
use serde::Deserialize;
use shared::db::Db;
use shared::db::users::{self, Changes};
use shared::domain::{Clock, Email, Limits, Name};
use shared::http::{ACCOUNT_GONE, Account, Caller, Json, Result, given};
use utoipa::ToSchema;

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

/// Change the account
///
/// Changes the fields that are given; `null` clears a field.
#[utoipa::path(
    patch, path = "/user/me", tag = "Account", security(("bearer" = [])),
    request_body(content = Request, example = json!({ "name": "Ada King" })),
    responses(
        (status = 200, body = Account, description = "The account as it is now.", example = json!({ "name": "Ada King" })),
    ),
)]
pub(crate) async fn update_me(
    State(db): State<Db>,
    State(limits): State<Limits>,
    State(clock): State<Clock>,
    caller: Caller,
    Json(Request { name, email }): Json<Request>,
) -> Result<Json<Account>> {
    let now = clock.now();
    let changes = Changes { name: name.as_ref().map(Option::as_ref), email: email.as_ref().map(Option::as_ref) };
    let user = users::update(&db, caller.user, changes, now).await?.ok_or(ACCOUNT_GONE)?;
    Ok(Json(Account::of(user, limits, now)))
}
