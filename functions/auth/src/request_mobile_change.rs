//! `POST /user/me/mobile`

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use shared::cache::Purpose;
use shared::domain::Mobile;
use shared::http::{ClientAddress, FreshCaller, Json, Result};
use utoipa::ToSchema;

use crate::challenges::{Challenges, Sent, Wish};
use crate::change_mobile::subject;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MobileChangeRequest)]
pub(crate) struct Request {
    mobile: Mobile,
    /// Proves that a person asks, if the deployment wants proof (a token of Cloudflare's Turnstile).
    challenge_token: Option<String>,
}

shared::refusals!(
    FreshSignInRequired,
    CountryNotSupported,
    ChallengeTokenInvalid,
    OtpCooldown,
    OtpMobileLimit,
    OtpIpLimit,
    OtpMobileIpLimit,
    OtpOpenLimit,
);

/// Request a change of the number
///
/// Sends a code to the new number, which changes it (`PUT /user/me/mobile`). It needs a sign-in of the last minutes. The
/// response is the same for a number that has an account, which gets no code. `otp` is only present if the deployment
/// delivers codes in the response; a production deployment never does.
// Whether the number has an account is looked up when the code is delivered, so the response cannot reveal it.
#[utoipa::path(
    post, path = "/user/me/mobile", tag = "Account", security(("bearer" = [])),
    request_body(content = Request, example = json!({ "mobile": "+14155550199" })),
    responses((status = 202, body = Sent, description = "A code is being sent, if no account has the number."), Refusals),
)]
pub(crate) async fn request_mobile_change(
    State(challenges): State<Challenges>,
    FreshCaller(caller): FreshCaller,
    ClientAddress(ip): ClientAddress,
    Json(Request { mobile, challenge_token }): Json<Request>,
) -> Result<(StatusCode, Json<Sent>)> {
    challenges.check_country(&mobile)?;
    let (purpose, signup, challenge_token) = (Purpose::MobileChange, subject(caller.user), challenge_token.as_deref());
    challenges.open(Wish { mobile, purpose, signup, device_token: None, challenge_token, ip: &ip }).await
}
