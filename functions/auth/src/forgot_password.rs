//! `POST /auth/forgot-password`

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use shared::cache::Purpose;
use shared::domain::Mobile;
use shared::http::{ClientAddress, Json, Result};

use crate::codes::{CodeSender, Sent};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    mobile: Mobile,
}

/// Sends a code that lets the owner of an account set a new password. Whether there is an account is not asked here but
/// by whoever delivers the code, so the answer cannot tell.
pub(crate) async fn forgot_password(
    State(sender): State<CodeSender>,
    ClientAddress(ip): ClientAddress,
    Json(request): Json<Request>,
) -> Result<(StatusCode, Json<Sent>)> {
    sender.check_country(&request.mobile)?;
    sender.send(request.mobile, Purpose::PasswordReset, None, &ip).await
}
