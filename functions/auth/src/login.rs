//! `POST /auth/login`

use axum::extract::State;
use serde::Deserialize;
use shared::auth;
use shared::db::{Db, sessions, users};
use shared::domain::{Clock, Mobile};
use shared::http::{ClientAddress, Code, Error, Json, Result};
use utoipa::ToSchema;

use crate::device::Device;
use crate::throttle::Throttle;
use crate::tokens::{Issuer, SignedIn};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LoginRequest)]
pub(crate) struct Request {
    mobile: Mobile,
    #[schema(format = "password", example = "correct horse battery")]
    password: String,
}

/// What is said of a wrong password, of an account without one, and of a number without an account.
pub(crate) const WRONG: Error = Error::Refused(Code::CredentialsInvalid, "The number or the password is not right.");

/// Signs in by password. Counted before anything is looked up, and as much work for a number that nobody has.
#[utoipa::path(
    post, path = "/auth/login", tag = "Authentication", operation_id = "log_in",
    summary = "Sign in by password",
    description = "For accounts that set a password. Wrong ones are slowed down by number and by address.",
    request_body = Request,
    responses(
        (status = 200, body = SignedIn, description = "Signed in."),
        (status = 401, description = "credentials_invalid"),
        (status = 429, description = "login_ip_limit, login_mobile_limit"),
    ),
)]
pub(crate) async fn login(
    State(db): State<Db>,
    State(throttle): State<Throttle>,
    State(issuer): State<Issuer>,
    State(clock): State<Clock>,
    ClientAddress(ip): ClientAddress,
    Device(device): Device,
    Json(request): Json<Request>,
) -> Result<Json<SignedIn>> {
    let mobile = request.mobile;
    throttle.admit(mobile.as_str(), &ip).await?;
    let account = users::credentials_of_mobile(&db, &mobile).await?;
    let (id, hash) = account.map_or((None, None), |account| (Some(account.user), account.password_hash));
    let is_right = auth::verify(request.password, hash).await?;
    let id = id.filter(|_| is_right).ok_or(WRONG)?;
    throttle.forgive(mobile.as_str()).await;
    let draft = issuer.draft()?;
    if !sessions::open(&db, id, &draft.of(device.as_deref()), clock.now()).await? {
        return Err(WRONG);
    }
    let user = users::find(&db, id, clock.now()).await?.ok_or(WRONG)?;
    Ok(Json(issuer.signed_in(&draft, user)?))
}
