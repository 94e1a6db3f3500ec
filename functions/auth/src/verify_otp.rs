//! `POST /auth/verify-otp`

use axum::extract::State;
use serde::Deserialize;
use shared::auth::{NumberMarks, OneTimeCodes};
use shared::cache::{Cache, Purpose, Try, Verdict};
use shared::db::Db;
use shared::db::users::{self, Profile};
use shared::domain::{ChallengeId, Clock, Invalid, Mobile, SignupId, Timestamp};
use shared::http::{Error, Json, ProblemCode, Result};
use shared::telemetry::{self, SecurityEvent};
use utoipa::ToSchema;

use crate::device::Device;
use crate::events;
use crate::tokens::{Issuer, Verified};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VerifyOtpRequest)]
pub(crate) struct Request {
    challenge_id: ChallengeId,
    otp: Otp,
    /// From an earlier sign-in to this number. Its wrong codes are counted apart from those of strangers.
    device_token: Option<String>,
}

/// A text that may be a code. Any other text does not count as a try.
#[derive(Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, pattern = "^[0-9]{6,8}$", example = "493027")]
pub(crate) struct Otp(pub(crate) String);

impl TryFrom<String> for Otp {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let is_code = (6..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_code { Ok(Self(text)) } else { Err(Invalid("must have 6 to 8 digits")) }
    }
}

shared::refusals!(OtpInvalid, ChallengeExpired, AccountLocked);

pub(crate) const WRONG: Error = Error::refused(ProblemCode::OtpInvalid, "The code is not right.");
pub(crate) const ENDED: Error =
    Error::refused(ProblemCode::ChallengeExpired, "This code cannot be used any more. Request another.");

/// Sign in with a code
///
/// Checks a code. The right code signs in, and makes the account if there is none. A code that was sent for a password
/// reset returns a token that can set a new password. A hundred wrong codes in a row lock the sign-in with codes for a
/// day: only the holder of a right code learns that.
// A right code is used up at once, even if Postgres then fails: it may fail to work, but it never works twice.
#[utoipa::path(
    post, path = "/auth/verify-otp", tag = "Authentication",
    request_body = Request,
    responses((status = 200, body = Verified, description = "Signed in, or allowed to set a password."), Refusals),
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
) -> Result<Json<Verified>> {
    let right = codes.compare(request.challenge_id, &request.otp.0);
    let now = clock.now();
    let token = issuer.device(request.device_token.as_deref(), now);
    let attempt = Try { right: &right, token: token.as_ref() };
    db.open_ahead();
    match cache.try_challenge(request.challenge_id, &attempt, now).await? {
        Verdict::Wrong(mobile) => {
            events::of_number(SecurityEvent::SignInFailed, &db, &mobile).await;
            Err(WRONG)
        }
        Verdict::Expired | Verdict::Right(_, Purpose::MobileChange, _) => Err(ENDED),
        Verdict::Locked(until, mobile) => {
            events::of_number(SecurityEvent::Locked, &db, &mobile).await;
            Err(Error::Locked(until, until.since(now)))
        }
        Verdict::Right(mobile, Purpose::PasswordReset, _) => {
            count_used(&mobile, now);
            let account = users::credentials_of_mobile(&db, &mobile).await?.ok_or(WRONG)?;
            Ok(Json(issuer.reset(account.id, account.password_version)?))
        }
        Verdict::Right(mobile, Purpose::SignIn, signup) => {
            count_used(&mobile, now);
            let profile = profile(&cache, &mobile, signup).await?;
            let draft = issuer.draft()?;
            let (session, marks) = (draft.session(device.as_deref()), marks.of(&mobile));
            let user = users::sign_in(&db, &mobile, &profile, &session, &marks, clock.now()).await?;
            telemetry::security(SecurityEvent::SignIn, Some(user.id));
            forget(&cache, signup).await;
            Ok(Json(issuer.signed_in(&draft, user)?.into()))
        }
    }
}

/// Counts a code that was used, by country: `otp-sender` counts those that were sent.
fn count_used(mobile: &Mobile, now: Timestamp) {
    telemetry::count_by("OtpUsed", &[("Country", mobile.calling_code())], 1, now);
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
