//! `POST /auth/forgot-password`

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use shared::cache::Purpose;
use shared::domain::Mobile;
use shared::http::{ClientAddress, Json, Result};
use utoipa::ToSchema;

use crate::challenges::{Challenges, Sent, Wish};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ForgotPasswordRequest)]
pub(crate) struct Request {
    mobile: Mobile,
    /// From an earlier sign-in to this number. Its codes are counted apart from those that strangers request.
    device_token: Option<String>,
    /// Proves that a person asks, if the deployment wants proof (a token of Cloudflare's Turnstile). Not needed with a
    /// `device_token`.
    challenge_token: Option<String>,
}

shared::refusals!(
    CountryNotSupported,
    ChallengeTokenInvalid,
    OtpCooldown,
    OtpMobileLimit,
    OtpMobileIpLimit,
    OtpIpLimit,
    OtpOpenLimit
);

/// Request a password reset
///
/// Sends a code that lets the owner of an account set a new password. The response is the same for a number without an
/// account, which gets no code. `otp` is only present if the deployment delivers codes in the response; a production
/// deployment never does.
// The account is looked up when the code is delivered, not here, so the response cannot reveal whether there is one.
#[utoipa::path(
    post, path = "/auth/forgot-password", tag = "Authentication",
    request_body = Request,
    responses((status = 202, body = Sent, description = "A code is being sent, if there is an account."), Refusals),
)]
pub(crate) async fn request_password_reset(
    State(challenges): State<Challenges>,
    ClientAddress(ip): ClientAddress,
    Json(Request { mobile, device_token, challenge_token }): Json<Request>,
) -> Result<(StatusCode, Json<Sent>)> {
    challenges.check_country(&mobile)?;
    let (purpose, device_token) = (Purpose::PasswordReset, device_token.as_deref());
    let challenge_token = challenge_token.as_deref();
    challenges.open(Wish { mobile, purpose, signup: None, device_token, challenge_token, ip: &ip }).await
}
