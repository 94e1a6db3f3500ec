//! One way for every code: the same work whoever has the number.

use std::sync::Arc;

use axum::http::StatusCode;
use serde::Serialize;
use shared::auth::Codes;
use shared::cache::{Cache, Challenge, CodeLimits, Purpose, Refusal};
use shared::config::{ConfigError, Env};
use shared::domain::{ChallengeId, Clock, Mobile, SignupId, Timestamp};
use shared::http::{Code, Error, Json, Result};
use shared::telemetry;
use utoipa::ToSchema;

use crate::countries::Countries;
use crate::delivery::Delivery;

/// What a client is told of a code on its way.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CodeSent)]
pub(crate) struct Sent {
    challenge_id: ChallengeId,
    expires_at: Timestamp,
    /// Seconds until another may be asked for.
    #[schema(example = 30)]
    resend_after: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "493027")]
    otp: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct CodeSender(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    cache: Cache,
    codes: Codes,
    clock: Clock,
    countries: Countries,
    limits: CodeLimits,
    delivery: Delivery,
}

impl CodeSender {
    pub(crate) fn from_env(env: &Env, cache: Cache, codes: Codes, clock: Clock) -> Result<Self, ConfigError> {
        let countries = Countries::from_env(env)?;
        let (limits, delivery) = (CodeLimits::from_env(env)?, Delivery::from_env(env)?);
        Ok(Self(Arc::new(Inner { cache, codes, clock, countries, limits, delivery })))
    }

    /// Refuses numbers of countries that are not served.
    pub(crate) fn check_country(&self, mobile: &Mobile) -> Result<()> {
        if self.0.countries.allow(mobile) {
            return Ok(());
        }
        let detail = "Codes are not sent to numbers of this country.";
        Err(Error::Unprocessable(Code::CountryNotSupported, detail, "/mobile"))
    }

    /// Opens a challenge within the limits and hands its code on.
    pub(crate) async fn send(
        &self,
        mobile: Mobile,
        purpose: Purpose,
        signup: Option<SignupId>,
        ip: &str,
    ) -> Result<(StatusCode, Json<Sent>)> {
        let Inner { cache, codes, clock, limits, delivery, .. } = &*self.0;
        let (id, now) = (ChallengeId::generate(), clock.now());
        let challenge = Challenge { mobile, purpose, kid: codes.kid().to_owned(), signup };
        let opened = cache.open_challenge(id, &challenge, limits, ip, now).await?;
        let opened = opened.map_err(|refusal| too_many(refusal, now))?;
        let otp = match delivery.deliver(codes, id).await {
            Ok(otp) => otp,
            Err(fault) => {
                if let Err(error) = cache.withdraw_challenge(id, &challenge, ip, now).await {
                    tracing::warn!(%error, "a code that was not sent counts against its limits");
                }
                return Err(fault.into());
            }
        };
        let resend_after = opened.resend_after.as_secs();
        Ok((StatusCode::ACCEPTED, Json(Sent { challenge_id: id, expires_at: opened.expires_at, resend_after, otp })))
    }
}

fn too_many(refusal: Refusal, now: Timestamp) -> Error {
    let (code, detail, pause) = match refusal {
        Refusal::Cooldown(pause) => (Code::OtpCooldown, "A code was sent to this number a moment ago.", pause),
        Refusal::Mobile(pause) => (Code::OtpMobileLimit, "Too many codes were sent to this number.", pause),
        Refusal::Ip(pause) => (Code::OtpIpLimit, "Too many codes were asked for from this address.", pause),
        Refusal::Prefix(pause) => (Code::OtpPrefixLimit, "Too many codes were sent to numbers like this one.", pause),
        Refusal::Stack(pause) => {
            telemetry::count("OtpCapacityReached", 1, now);
            (Code::OtpCapacity, "No more codes can be sent today.", pause)
        }
    };
    Error::RateLimited(code, detail, pause)
}
