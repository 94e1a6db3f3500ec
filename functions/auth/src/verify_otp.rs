//! `POST /auth/verify-otp`

use axum::extract::State;
use serde::{Deserialize, Serialize};
use shared::auth::{NumberMarks, OneTimeCodes};
use shared::cache::{Cache, Purpose, Verdict};
use shared::db::Db;
use shared::db::users::{self, Profile};
use shared::domain::{ChallengeId, Clock, Invalid, Mobile, SignupId};
use shared::http::{Error, Json, ProblemCode, Result};
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

/// A text that may be a code. Any other text does not count as a try.
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

shared::refusals!(OtpInvalid, ChallengeExpired);

const WRONG: Error = Error::refused(ProblemCode::OtpInvalid, "The code is not right.");
const ENDED: Error =
    Error::refused(ProblemCode::ChallengeExpired, "This code cannot be used any more. Request another.");

/// Sign in with a code
///
/// Checks a code. The right code signs in, and makes the account if there is none. A code that was sent for a password
/// reset returns a token that can set a new password.
// A right code is used up at once, even if Postgres then fails: it may fail to work, but it never works twice.
#[utoipa::path(
    post, path = "/auth/verify-otp", tag = "Authentication",
    request_body = Request,
    responses((status = 200, body = Response, description = "Signed in, or allowed to set a password."), Refusals),
)]
#[expect(clippy::too_many_arguments, reason = "the signature tells all that is used")]
pub(crate) async fn verify_otp(
    State(db): State<Db>,
    State(cache): State<Cache>,
    State(codes): State<OneTimeCodes>,
    State(issuer): State<Issuer>,
    State(marks): State<NumberMarks>,
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
            Ok(Json(Response::PasswordReset(issuer.reset(account.id, account.password_version)?)))
        }
        Verdict::Right(mobile, Purpose::SignIn, signup) => {
            let profile = profile(&cache, &mobile, signup).await?;
            let draft = issuer.draft()?;
            let (session, marks) = (draft.session(device.as_deref()), marks.of(&mobile));
            let user = users::sign_in(&db, &mobile, &profile, &session, &marks, clock.now()).await?;
            forget(&cache, signup).await;
            Ok(Json(Response::SignIn(issuer.signed_in(&draft, user)?)))
        }
    }
}

/// The profile of the challenge's sign-up; empty without a sign-up.
async fn profile(cache: &Cache, mobile: &Mobile, signup: Option<SignupId>) -> Result<Profile> {
    let Some(signup) = signup else { return Ok(Profile::default()) };
    let kept = cache.signup(signup, mobile).await?;
    Ok(kept.and_then(|kept| serde_json::from_str(&kept).ok()).unwrap_or_default())
}

/// Deletes a sign-up that was used.
async fn forget(cache: &Cache, signup: Option<SignupId>) {
    if let Some(signup) = signup
        && let Err(error) = cache.drop_signup(signup).await
    {
        tracing::warn!(%error, "a sign-up that was used is kept until it expires");
    }
}
