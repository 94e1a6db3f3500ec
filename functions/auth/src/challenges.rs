//! Opening a challenge, in the same way for every code and with the same work, whether or not the number has an
//! account.

use std::sync::Arc;

use axum::http::StatusCode;
use serde::Serialize;
use shared::Fault;
use shared::auth::{DeviceTokens, OneTimeCodes};
use shared::cache::{
    Asker, Cache, Challenge, OpenChallenge, Opened, OtpLimit, OtpLimits, OtpRefusal, Purpose, Try, Verdict,
};
use shared::config::{ConfigError, Env};
use shared::domain::{ChallengeId, Clock, Mobile, NoticeId, SessionId, SignupId, Timestamp};
use shared::http::{Error, Json, ProblemCode, Result};
use utoipa::ToSchema;

use crate::countries::Countries;
use crate::delivery::Delivery;
use crate::guard::Guard;

/// What a client learns about a code that is being sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CodeSent, example = json!({
    "challenge_id": "1fb17c23-90c1-42cf-a3ac-94af0f21ddb6", "expires_at": "2026-11-23T12:05:00.000Z", "resend_after": 30
}))]
pub(crate) struct Sent {
    challenge_id: ChallengeId,
    expires_at: Timestamp,
    /// Seconds until another code may be requested.
    #[schema(value_type = u32)]
    resend_after: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "493027")]
    otp: Option<String>,
}

/// A code that somebody asks for.
#[derive(Debug)]
pub(crate) struct Wish<'a> {
    pub(crate) mobile: Mobile,
    pub(crate) purpose: Purpose,
    pub(crate) signup: Option<SignupId>,
    pub(crate) device_token: Option<&'a str>,
    /// What the guard's provider gave to the person who asks.
    pub(crate) challenge_token: Option<&'a str>,
    /// Where the request comes from.
    pub(crate) ip: &'a str,
}

/// Opens challenges. Cloning is cheap.
#[derive(Debug, Clone)]
pub(crate) struct Challenges(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    cache: Cache,
    codes: OneTimeCodes,
    devices: DeviceTokens,
    clock: Clock,
    countries: Countries,
    limits: OtpLimits,
    guard: Guard,
    delivery: Delivery,
}

impl Challenges {
    pub(crate) fn from_env(env: &Env, cache: Cache, codes: OneTimeCodes, clock: Clock) -> Result<Self, ConfigError> {
        let (countries, devices) = (Countries::from_env(env)?, DeviceTokens::from_env(env)?);
        let (limits, delivery) = (OtpLimits::from_env(env)?, Delivery::from_env(env)?);
        let guard = Guard::from_env(env, cache.clone(), clock.clone())?;
        Ok(Self(Arc::new(Inner { cache, codes, devices, clock, countries, limits, guard, delivery })))
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
    pub(crate) async fn open(&self, wish: Wish<'_>) -> Result<(StatusCode, Json<Sent>)> {
        let Inner { cache, codes, devices, clock, delivery, .. } = &*self.0;
        let (id, now) = (ChallengeId::generate(), clock.now());
        let Wish { mobile, purpose, signup, device_token, challenge_token, ip } = wish;
        let asker = Asker {
            address: ip.to_owned(),
            token: devices.read_of(&mobile, device_token, now),
            owners: devices.owners(&mobile),
        };
        let challenge = Challenge { mobile, purpose, kid: codes.kid().to_owned(), signup };
        let (opened, asker) = self.admit(id, &challenge, asker, challenge_token, now).await?;
        let otp = match delivery.deliver(codes, id).await {
            Ok(otp) => otp,
            Err(fault) => {
                if let Err(error) = cache.withdraw_challenge(id, &challenge, &asker, now).await {
                    tracing::warn!(%error, "a code that was not sent counts against the limits");
                }
                return Err(fault.into());
            }
        };
        let resend_after = opened.resend_after.as_secs();
        Ok((StatusCode::ACCEPTED, Json(Sent { challenge_id: id, expires_at: opened.expires_at, resend_after, otp })))
    }

    /// Opens the challenge for a holder of a device token, or for a stranger whom the guard lets pass. A holder needs
    /// no guard: somebody signed in there before, and a program with the token gets no more than a holder's few codes.
    async fn admit(
        &self,
        id: ChallengeId,
        challenge: &Challenge,
        mut asker: Asker,
        challenge_token: Option<&str>,
        now: Timestamp,
    ) -> Result<(Opened, Asker)> {
        if asker.token.is_some() {
            if let Some(opened) = self.opened(id, challenge, &asker, now).await? {
                return Ok((opened, asker));
            }
            asker.token = None;
        }
        self.0.guard.check(challenge_token, &asker.address).await?;
        let opened = self.opened(id, challenge, &asker, now).await?;
        Ok((opened.ok_or(Fault::Bug("a stranger has no device token"))?, asker))
    }

    /// Opens the challenge; `None` if the asker's device token was ended.
    async fn opened(
        &self,
        id: ChallengeId,
        challenge: &Challenge,
        asker: &Asker,
        now: Timestamp,
    ) -> Result<Option<Opened>> {
        match self.0.cache.open_challenge(id, challenge, &self.0.limits, asker, now).await? {
            OpenChallenge::Opened(opened) => Ok(Some(opened)),
            OpenChallenge::Refused(refusal) => Err(too_many(refusal)),
            OpenChallenge::TokenEnded => Ok(None),
        }
    }
}

impl Challenges {
    /// Tries a code without a device token. The try is counted before the code is judged.
    pub(crate) async fn attempt(&self, id: ChallengeId, otp: &str) -> Result<Verdict> {
        let Inner { cache, codes, clock, .. } = &*self.0;
        let attempt = Try { right: &codes.compare(id, otp), token: None };
        Ok(cache.try_challenge(id, &attempt, clock.now()).await?)
    }

    /// Ends the codes and the device tokens of a number that an account had before, marks the sessions as revoked, and
    /// tells the number by SMS. Failures are only logged, since the account has its new number already.
    pub(crate) async fn leave(&self, old: &Mobile, sessions: &[SessionId]) {
        let Inner { cache, devices, clock, delivery, .. } = &*self.0;
        let now = clock.now();
        if let Err(error) = cache.end_devices(&devices.owners(old), devices.lifetime(), sessions, now).await {
            tracing::error!(%error, "sessions and device tokens could not be marked as ended in Redis");
        }
        if let Err(error) = cache.end_challenges(old, now).await {
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

fn too_many(OtpRefusal { limit, pause }: OtpRefusal) -> Error {
    let (code, detail) = match limit {
        OtpLimit::Cooldown => (ProblemCode::OtpCooldown, "A code was sent to this number a moment ago."),
        OtpLimit::Mobile => (ProblemCode::OtpMobileLimit, "Too many codes were sent to this number."),
        OtpLimit::Asker => {
            (ProblemCode::OtpMobileIpLimit, "Too many codes for this number were requested from this address.")
        }
        OtpLimit::Ip => (ProblemCode::OtpIpLimit, "Too many codes were requested from this address."),
        OtpLimit::Open => (ProblemCode::OtpOpenLimit, "Too many codes for this number are open."),
    };
    Error::RateLimited(code, detail, pause)
}
