//! `POST /auth/send-otp`

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use shared::cache::{Cache, Purpose};
use shared::domain::{Clock, Mobile, SignupId};
use shared::http::{ClientAddress, Code, Error, Json, Result};
use utoipa::ToSchema;

use crate::codes::{CodeSender, Sent};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SendOtpRequest)]
pub(crate) struct Request {
    mobile: Mobile,
    signup_id: Option<SignupId>,
}

/// Sends a code that signs the owner of the mobile in. With a `signup_id` of that mobile a new account gets its
/// profile: no other code brings it in.
#[utoipa::path(
    post, path = "/auth/send-otp", tag = "Authentication",
    summary = "Ask for a code",
    description = "Sends a one-time code that signs the owner of the mobile in. With a `signup_id` a new account gets its profile. `otp` is in the answer only where codes are delivered that way, which no production does.",
    request_body = Request,
    responses(
        (status = 202, body = Sent, description = "A code is on its way."),
        (status = 422, description = "country_not_supported, signup_expired"),
        (status = 429, description = "otp_cooldown, otp_mobile_limit, otp_ip_limit, otp_prefix_limit, otp_capacity"),
    ),
)]
pub(crate) async fn send_otp(
    State(sender): State<CodeSender>,
    State(cache): State<Cache>,
    State(clock): State<Clock>,
    ClientAddress(ip): ClientAddress,
    Json(request): Json<Request>,
) -> Result<(StatusCode, Json<Sent>)> {
    sender.check_country(&request.mobile)?;
    if let Some(signup) = request.signup_id
        && !cache.is_signup_of(signup, &request.mobile, clock.now()).await?
    {
        let detail = "No sign-up of this mobile waits under this id. Sign up again.";
        return Err(Error::Unprocessable(Code::SignupExpired, detail, "/signup_id"));
    }
    sender.send(request.mobile, Purpose::SignIn, request.signup_id, &ip).await
}
