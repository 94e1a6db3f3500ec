//! `PUT /user/me/mobile`

use axum::extract::State;
use serde::Deserialize;
use shared::auth::NumberMarks;
use shared::cache::{Purpose, Verdict};
use shared::db::Db;
use shared::db::users::{self, MobileChange};
use shared::domain::{ChallengeId, Clock, SignupId, UserId};
use shared::http::{ACCOUNT_GONE, Account, Error, FreshCaller, Json, Result};
use shared::telemetry::{self, SecurityEvent};
use utoipa::ToSchema;

use crate::challenges::Challenges;
use crate::tokens::Issuer;
use crate::verify_otp::{ENDED, Otp, WRONG};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangeMobileRequest)]
pub(crate) struct Request {
    challenge_id: ChallengeId,
    otp: Otp,
}

shared::refusals!(FreshSignInRequired, OtpInvalid, ChallengeExpired, AccountLocked);

/// Whom a challenge of a change of number belongs to: nobody else's account gets the number.
pub(crate) fn subject(user: UserId) -> Option<SignupId> {
    user.to_string().parse().ok()
}

/// Change the number
///
/// Gives the account the number that the code was sent to, and ends the user's other sessions. The old number gets a
/// text message. It needs a sign-in of the last minutes.
// A number that got an account meanwhile is answered as a wrong code is.
#[utoipa::path(
    put, path = "/user/me/mobile", tag = "Account", security(("bearer" = [])),
    request_body = Request,
    responses(
        (status = 200, body = Account, description = "The account with its new number.",
            example = json!({ "mobile": "+14155550199" })),
        Refusals,
    ),
)]
pub(crate) async fn change_mobile(
    State(db): State<Db>,
    State(challenges): State<Challenges>,
    State(issuer): State<Issuer>,
    State(marks): State<NumberMarks>,
    State(clock): State<Clock>,
    FreshCaller(caller): FreshCaller,
    Json(Request { challenge_id, otp }): Json<Request>,
) -> Result<Json<Account>> {
    let mobile = match challenges.attempt(challenge_id, &otp.0).await? {
        Verdict::Right(mobile, Purpose::MobileChange, of) if of == subject(caller.user) => mobile,
        Verdict::Wrong(_) => {
            telemetry::security(SecurityEvent::SignInFailed, Some(caller.user));
            return Err(WRONG);
        }
        Verdict::Locked(until, _) => {
            telemetry::security(SecurityEvent::Locked, Some(caller.user));
            return Err(Error::Locked(until, until.since(clock.now())));
        }
        Verdict::Right(..) | Verdict::Expired => return Err(ENDED),
    };
    let now = clock.now();
    let changed =
        match users::change_mobile(&db, caller.user, &mobile, caller.session, |mobile| marks.of(mobile), now).await? {
            MobileChange::Changed(changed) => changed,
            MobileChange::Refused => return Err(WRONG),
            MobileChange::Gone => return Err(ACCOUNT_GONE),
        };
    telemetry::security(SecurityEvent::MobileChanged, Some(caller.user));
    challenges.leave(&changed.old, &changed.sessions).await;
    let user = users::find(&db, caller.user, now).await?.ok_or(ACCOUNT_GONE)?;
    Ok(Json(issuer.account(user, now)))
}
