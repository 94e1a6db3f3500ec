//! `POST /auth/send-otp`

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use shared::cache::{Cache, Purpose};
use shared::domain::{Clock, Mobile, SignupId};
use shared::http::{ClientAddress, Error, Json, ProblemCode, Result};
use utoipa::ToSchema;

use crate::challenges::{Challenges, Sent, Wish};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SendOtpRequest)]
pub(crate) struct Request {
    mobile: Mobile,
    signup_id: Option<SignupId>,
    /// From an earlier sign-in to this number. Its codes are counted apart from those that strangers request.
    device_token: Option<String>,
    /// Proves that a person asks, if the deployment wants proof (a token of Cloudflare's Turnstile). Not needed with a
    /// `device_token`.
    challenge_token: Option<String>,
}

shared::refusals!(
    CountryNotSupported,
    ChallengeTokenInvalid,
    SignupExpired,
    OtpCooldown,
    OtpMobileLimit,
    OtpMobileIpLimit,
    OtpIpLimit,
    OtpOpenLimit,
);

const SIGNUP_EXPIRED: Error = Error::RefusedField(
    ProblemCode::SignupExpired,
    "There is no sign-up with this id for this number. Sign up again.",
    "/signup_id",
);

/// Request a code
///
/// Sends a one-time code that signs in the owner of the mobile. With a `signup_id`, a new account gets the profile of
/// that sign-up. `otp` is only present if the deployment delivers codes in the response; a production deployment never
/// does.
#[utoipa::path(
    post, path = "/auth/send-otp", tag = "Authentication",
    request_body = Request,
    responses((status = 202, body = Sent, description = "A code is being sent."), Refusals),
)]
pub(crate) async fn send_otp(
    State(challenges): State<Challenges>,
    State(cache): State<Cache>,
    State(clock): State<Clock>,
    ClientAddress(ip): ClientAddress,
    Json(Request { mobile, signup_id, device_token, challenge_token }): Json<Request>,
) -> Result<(StatusCode, Json<Sent>)> {
    challenges.check_country(&mobile)?;
    if let Some(signup) = signup_id
        && !cache.is_signup_of(signup, &mobile, clock.now()).await?
    {
        return Err(SIGNUP_EXPIRED);
    }
    let (purpose, signup, device_token) = (Purpose::SignIn, signup_id, device_token.as_deref());
    let challenge_token = challenge_token.as_deref();
    challenges.open(Wish { mobile, purpose, signup, device_token, challenge_token, ip: &ip }).await
}
