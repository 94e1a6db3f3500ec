//! `POST /auth/verify-otp`

use axum::extract::State;
use serde::{Deserialize, Serialize};
use shared::auth::Codes;
use shared::cache::{Cache, Purpose, Verdict};
use shared::db::Db;
use shared::db::users::{self, Profile};
use shared::domain::{ChallengeId, Clock, Invalid, Mobile, SignupId};
use shared::http::{Code, Error, Json, Result};
use utoipa::ToSchema;

use crate::device::Device;
use crate::tokens::{Issuer, ResetToken, SignedIn};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VerifyOtpRequest)]
pub(crate) struct Request {
    challenge_id: ChallengeId,
    otp: Otp,
}

/// What may be a code. Something else is no try at one.
#[derive(Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, pattern = "^[0-9]{6,8}$", example = "493027")]
struct Otp(String);

impl TryFrom<String> for Otp {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let is_code = (6..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_code { Ok(Self(text)) } else { Err(Invalid("must have 6 to 8 digits")) }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = Verified)]
pub(crate) enum Response {
    SignIn(SignedIn),
    PasswordReset(ResetToken),
}

const WRONG: Error = Error::Refused(Code::OtpInvalid, "The code is not right.");
const ENDED: Error = Error::Refused(Code::ChallengeExpired, "This code cannot be used any more. Ask for another.");

/// Checks a code. A right one signs in, making the account if there is none, or allows to set a new password. It is
/// spent at once, even if Postgres then fails: that it works once goes before that it works.
#[utoipa::path(
    post, path = "/auth/verify-otp", tag = "Authentication",
    summary = "Sign in by code",
    description = "Checks a code. A right one signs in, making the account if there is none; one that was sent to reset a password allows to set a new one.",
    request_body = Request,
    responses(
        (status = 200, body = Response, description = "Signed in, or allowed to set a password."),
        (status = 401, description = "otp_invalid, challenge_expired"),
    ),
)]
pub(crate) async fn verify_otp(
    State(db): State<Db>,
    State(cache): State<Cache>,
    State(codes): State<Codes>,
    State(issuer): State<Issuer>,
    State(clock): State<Clock>,
    Device(device): Device,
    Json(request): Json<Request>,
) -> Result<Json<Response>> {
    let right = codes.compare(request.challenge_id, &request.otp.0);
    match cache.try_challenge(request.challenge_id, &right, clock.now()).await? {
        Verdict::Wrong => Err(WRONG),
        Verdict::Expired => Err(ENDED),
        Verdict::Right(mobile, Purpose::PasswordReset, _) => {
            let account = users::credentials_of_mobile(&db, &mobile).await?.ok_or(WRONG)?;
            Ok(Json(Response::PasswordReset(issuer.reset(account.user, account.password_version)?)))
        }
        Verdict::Right(mobile, Purpose::SignIn, signup) => {
            let profile = profile(&cache, &mobile, signup).await?;
            let draft = issuer.draft()?;
            let user = users::sign_in(&db, &mobile, &profile, &draft.of(device.as_deref()), clock.now()).await?;
            forget(&cache, signup).await;
            Ok(Json(Response::SignIn(issuer.signed_in(&draft, user)?)))
        }
    }
}

/// What the challenge's own sign-up brings; nothing without one.
async fn profile(cache: &Cache, mobile: &Mobile, signup: Option<SignupId>) -> Result<Profile> {
    let Some(signup) = signup else { return Ok(Profile::default()) };
    let kept = cache.signup(signup, mobile).await?;
    Ok(kept.and_then(|kept| serde_json::from_str(&kept).ok()).unwrap_or_default())
}

/// Drops a sign-up that has served.
async fn forget(cache: &Cache, signup: Option<SignupId>) {
    if let Some(signup) = signup
        && let Err(error) = cache.drop_signup(signup).await
    {
        tracing::warn!(%error, "a sign-up that was used waits until it expires");
    }
}
