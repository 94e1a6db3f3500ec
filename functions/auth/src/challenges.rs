//! Opening a challenge, in the same way for every code and with the same work, whether or not the number has an
//! account.

use std::sync::Arc;

use axum::http::StatusCode;
use serde::Serialize;
use shared::auth::OneTimeCodes;
use shared::cache::{Cache, Challenge, OpenChallenge, OtpLimit, OtpLimits, OtpRefusal, Purpose, Verdict};
use shared::config::{ConfigError, Env};
use shared::domain::{ChallengeId, Clock, Mobile, NoticeId, SignupId, Timestamp};
use shared::http::{Error, Json, ProblemCode, Result};
use shared::telemetry;
use utoipa::ToSchema;

use crate::countries::Countries;
use crate::delivery::Delivery;

/// What a client learns about a code that is being sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CodeSent, example = json!({
    "challenge_id": "1fb17c23-90c1-42cf-a3ac-94af0f21ddb6", "expires_at": "2026-11-23T12:05:00.000Z", "resend_after": 30
}))]
pub(crate) struct Sent {
    challenge_id: ChallengeId,
    expires_at: Timestamp,
    /// Seconds until another code may be requested.
    resend_after: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "493027")]
    otp: Option<String>,
}

/// Opens challenges. Cloning is cheap.
#[derive(Debug, Clone)]
pub(crate) struct Challenges(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    cache: Cache,
    codes: OneTimeCodes,
    clock: Clock,
    countries: Countries,
    limits: OtpLimits,
    delivery: Delivery,
}

impl Challenges {
    pub(crate) fn from_env(env: &Env, cache: Cache, codes: OneTimeCodes, clock: Clock) -> Result<Self, ConfigError> {
        let countries = Countries::from_env(env)?;
        let (limits, delivery) = (OtpLimits::from_env(env)?, Delivery::from_env(env)?);
        Ok(Self(Arc::new(Inner { cache, codes, clock, countries, limits, delivery })))
    }

    /// Refuses numbers from countries that are not served.
    pub(crate) fn check_country(&self, mobile: &Mobile) -> Result<()> {
        if self.0.countries.allow(mobile) {
            return Ok(());
        }
        let detail = "Codes are not sent to numbers of this country.";
        Err(Error::RefusedField(ProblemCode::CountryNotSupported, detail, "/mobile"))
    }

    /// Opens a challenge within the limits and passes its code on for delivery.
    pub(crate) async fn open(
        &self,
        mobile: Mobile,
        purpose: Purpose,
        signup: Option<SignupId>,
        ip: &str,
    ) -> Result<(StatusCode, Json<Sent>)> {
        let Inner { cache, codes, clock, limits, delivery, .. } = &*self.0;
        let (id, now) = (ChallengeId::generate(), clock.now());
        let challenge = Challenge { mobile, purpose, kid: codes.kid().to_owned(), signup };
        let opened = match cache.open_challenge(id, &challenge, limits, ip, now).await? {
            OpenChallenge::Opened(opened) => opened,
            OpenChallenge::Refused(refusal) => return Err(too_many(refusal, now)),
        };
        let otp = match delivery.deliver(codes, id).await {
            Ok(otp) => otp,
            Err(fault) => {
                if let Err(error) = cache.withdraw_challenge(id, &challenge, ip, now).await {
                    tracing::warn!(%error, "a code that was not sent counts against the limits");
                }
                return Err(fault.into());
            }
        };
        let resend_after = opened.resend_after.as_secs();
        Ok((StatusCode::ACCEPTED, Json(Sent { challenge_id: id, expires_at: opened.expires_at, resend_after, otp })))
    }
}

impl Challenges {
    /// Tries a code. The try is counted before the code is judged.
    pub(crate) async fn attempt(&self, id: ChallengeId, otp: &str) -> Result<Verdict> {
        let Inner { cache, codes, clock, .. } = &*self.0;
        Ok(cache.try_challenge(id, &codes.compare(id, otp), clock.now()).await?)
    }

    /// Ends the codes of a number that an account had before, and tells it so by SMS. Failures are only logged, since
    /// the account has its new number already.
    pub(crate) async fn leave(&self, old: &Mobile) {
        let Inner { cache, clock, delivery, .. } = &*self.0;
        if let Err(error) = cache.end_challenges(old, clock.now()).await {
            tracing::error!(%error, "codes sent to a former number stay valid until they expire");
        }
        let id = NoticeId::generate();
        let told = match cache.keep_notice(id, old).await {
            Ok(()) => delivery.notify(id).await,
            Err(error) => Err(error),
        };
        if let Err(error) = told {
            tracing::error!(%error, "a former number is not told of its change");
        }
    }
}

fn too_many(OtpRefusal { limit, pause }: OtpRefusal, now: Timestamp) -> Error {
    let (code, detail) = match limit {
        OtpLimit::Cooldown => (ProblemCode::OtpCooldown, "A code was sent to this number a moment ago."),
        OtpLimit::Mobile => (ProblemCode::OtpMobileLimit, "Too many codes were sent to this number."),
        OtpLimit::Ip => (ProblemCode::OtpIpLimit, "Too many codes were requested from this address."),
        OtpLimit::Prefix => (ProblemCode::OtpPrefixLimit, "Too many codes were sent to numbers like this one."),
        OtpLimit::Stack => {
            telemetry::count("OtpCapacityReached", 1, now);
            (ProblemCode::OtpCapacity, "No more codes can be sent today.")
        }
    };
    Error::RateLimited(code, detail, pause)
}
