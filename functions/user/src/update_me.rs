//! `PATCH /user/me`

use axum::extract::State;
use serde::{Deserialize, Deserializer};
use shared::auth::Caller;
use shared::db::{Db, users};
use shared::domain::{Clock, Email, Limits, Name};
use shared::http::{Json, Result};

use crate::get_me::{GONE, Response};

#[derive(Debug, Deserialize)]
#[expect(clippy::option_option, reason = "absent, null and given are three different things")]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    #[serde(default, deserialize_with = "given")]
    name: Option<Option<Name>>,
    #[serde(default, deserialize_with = "given")]
    email: Option<Option<Email>>,
}

/// Reads a field that is there: `null` clears it, while an absent one is kept (RFC 7396).
#[expect(clippy::option_option, reason = "absent, null and given are three different things")]
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Changes what is given of the caller's profile.
pub(crate) async fn update_me(
    State(db): State<Db>,
    State(limits): State<Limits>,
    State(clock): State<Clock>,
    caller: Caller,
    Json(request): Json<Request>,
) -> Result<Json<Response>> {
    let (name, email) = (request.name.as_ref(), request.email.as_ref());
    let now = clock.now();
    let changed = users::update(&db, caller.user, name.map(Option::as_ref), email.map(Option::as_ref), now).await?;
    Ok(Json(Response::of(changed.ok_or(GONE)?, limits, now)))
}
