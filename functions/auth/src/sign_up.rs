//! `POST /auth/signup`

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Fault;
use shared::auth;
use shared::cache::Cache;
use shared::db::users::Profile;
use shared::domain::{Clock, Email, Mobile, Name, Password, SignupId, Timestamp};
use shared::http::{ClientAddress, Json, Result};
use utoipa::ToSchema;

use crate::password_rules::PasswordRules;
use crate::throttle::Throttle;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SignupRequest)]
pub(crate) struct Request {
    mobile: Mobile,
    name: Option<Name>,
    email: Option<Email>,
    password: Option<Password>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Signup, example = json!({
    "signup_id": "6cad4a26-8d11-4ece-a738-f7d93d9c1724", "mobile": "+14155550123", "expires_at": "2026-11-23T12:15:00.000Z"
}))]
pub(crate) struct Response {
    signup_id: SignupId,
    mobile: Mobile,
    expires_at: Timestamp,
}

shared::refusals!(PasswordCommon, SignupIpLimit, PasswordHashLimit);

/// Sign up
///
/// Keeps a profile until its mobile is proved with a code that is requested with the `signup_id`. The response is the
/// same for a number that has an account.
#[utoipa::path(
    post, path = "/auth/signup", tag = "Authentication",
    request_body = Request,
    responses((status = 201, body = Response, description = "The profile is kept."), Refusals),
)]
pub(crate) async fn sign_up(
    State(cache): State<Cache>,
    State(rules): State<PasswordRules>,
    State(throttle): State<Throttle>,
    State(clock): State<Clock>,
    ClientAddress(ip): ClientAddress,
    Json(request): Json<Request>,
) -> Result<(StatusCode, Json<Response>)> {
    if let Some(password) = &request.password {
        rules.check(password, &request.mobile, "/password")?;
    }
    throttle.admit_signup(&ip, request.password.is_some()).await?;
    let password_hash = match request.password {
        Some(password) => Some(auth::hash(password).await?),
        None => None,
    };
    let profile = Profile { name: request.name, email: request.email, password_hash };
    let profile = serde_json::to_string(&profile).map_err(|_| Fault::Bug("a profile is not JSON"))?;
    let (signup_id, mobile) = (SignupId::generate(), request.mobile);
    let expires_at = cache.keep_signup(signup_id, &mobile, &profile, clock.now()).await?;
    Ok((StatusCode::CREATED, Json(Response { signup_id, mobile, expires_at })))
}
