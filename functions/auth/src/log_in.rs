//! `POST /auth/login`

use axum::extract::State;
use serde::Deserialize;
use shared::auth;
use shared::db::{Db, sessions, users};
use shared::domain::{Clock, Mobile};
use shared::http::{ClientAddress, Json, Result};
use shared::telemetry::{self, SecurityEvent};
use utoipa::ToSchema;

use crate::device::Device;
use crate::events;
use crate::problems::CREDENTIALS_INVALID;
use crate::throttle::Throttle;
use crate::tokens::{Issuer, SignedIn};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LoginRequest)]
pub(crate) struct Request {
    mobile: Mobile,
    #[schema(format = "password", example = "correct horse battery")]
    password: String,
    /// From an earlier sign-in to this number. Its tries are counted apart from those of strangers.
    device_token: Option<String>,
}

shared::refusals!(CredentialsInvalid, LoginIpLimit, LoginMobileLimit, PasswordHashLimit);

/// Sign in with a password
///
/// Signs in to an account that has a password. Wrong passwords are limited per number and per address;
/// those of clients with a `device_token` are counted apart.
// A try is counted before anything is looked up, and costs the same work if the number has no account.
#[utoipa::path(
    post, path = "/auth/login", tag = "Authentication",
    request_body = Request,
    responses((status = 200, body = SignedIn, description = "Signed in."), Refusals),
)]
pub(crate) async fn log_in(
    State(db): State<Db>,
    State(throttle): State<Throttle>,
    State(issuer): State<Issuer>,
    State(clock): State<Clock>,
    ClientAddress(ip): ClientAddress,
    Device(device): Device,
    Json(Request { mobile, password, device_token }): Json<Request>,
) -> Result<Json<SignedIn>> {
    let admitted = throttle.admit(&mobile, &ip, device_token.as_deref()).await;
    let guess = events::or_locked_number(admitted, &db, &mobile).await?;
    let account = users::credentials_of_mobile(&db, &mobile).await?;
    let hash = account.as_ref().and_then(|account| account.password_hash.clone());
    let is_right = auth::verify(password, hash).await?;
    if !is_right {
        telemetry::security(SecurityEvent::SignInFailed, account.as_ref().map(|account| account.id));
    }
    let account = account.filter(|_| is_right).ok_or(CREDENTIALS_INVALID)?;
    throttle.forgive(&guess).await;
    let (draft, now) = (issuer.draft()?, clock.now());
    let session = draft.session(device.as_deref());
    if !sessions::open(&db, account.id, account.password_version, &session, now).await? {
        return Err(CREDENTIALS_INVALID);
    }
    telemetry::security(SecurityEvent::SignIn, Some(account.id));
    let user = users::find(&db, account.id, now).await?.ok_or(CREDENTIALS_INVALID)?;
    Ok(Json(issuer.signed_in(&draft, user)?))
}
