//! `POST /auth/forgot-password`

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use shared::cache::Purpose;
use shared::domain::Mobile;
use shared::http::{ClientAddress, Json, Result};
use utoipa::ToSchema;

use crate::codes::{CodeSender, Sent};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ForgotPasswordRequest)]
pub(crate) struct Request {
    mobile: Mobile,
}

/// Sends a code that lets the owner of an account set a new password. Whether there is an account is not asked here but
/// by whoever delivers the code, so the answer cannot tell.
#[utoipa::path(
    post, path = "/auth/forgot-password", tag = "Authentication", operation_id = "request_password_reset",
    summary = "Forget a password",
    description = "Sends a code that lets the owner of an account set a new password. A number without an account is answered alike, and gets nothing. `otp` is in the answer only where codes are delivered that way, which no production does.",
    request_body = Request,
    responses(
        (status = 202, body = Sent, description = "A code is on its way, if there is an account."),
        (status = 422, description = "country_not_supported"),
        (status = 429, description = "otp_cooldown, otp_mobile_limit, otp_ip_limit, otp_prefix_limit, otp_capacity"),
    ),
)]
pub(crate) async fn forgot_password(
    State(sender): State<CodeSender>,
    ClientAddress(ip): ClientAddress,
    Json(request): Json<Request>,
) -> Result<(StatusCode, Json<Sent>)> {
    sender.check_country(&request.mobile)?;
    sender.send(request.mobile, Purpose::PasswordReset, None, &ip).await
}
