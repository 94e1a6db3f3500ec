//! Challenges of one-time codes: what must be proved, and until when. They never hold the code.

use std::time::Duration;

use redis::Value;

use super::code_keys::pointer;
use super::scripts::{FIND, OPEN, WITHDRAW};
use super::{Asker, Cache, OtpLimit, OtpLimits, OtpRefusal};
use crate::Fault;
use crate::auth::{DeviceToken, Owner};
use crate::domain::{ChallengeId, Mobile, SignupId, Timestamp, words};

/// How long a code is valid.
pub(super) const LIFETIME: Duration = Duration::from_mins(5);
words!(
    /// What a code is for.
    Purpose {
        /// To sign in.
        SignIn = "sign_in",
        /// To set a new password.
        PasswordReset = "password_reset",
        /// To give a signed-in user's account this number.
        MobileChange = "mobile_change",
    }
);

/// A challenge that waits for its code.
#[derive(Debug, Clone)]
pub struct Challenge {
    /// The mobile to prove.
    pub mobile: Mobile,
    /// What the code is for.
    pub purpose: Purpose,
    /// The key that its code is derived with.
    pub kid: String,
    /// The profile that a new account gets. Of a change of number: the id of the account that asked.
    pub signup: Option<SignupId>,
}

/// A challenge as the sender of its code finds it.
#[derive(Debug, Clone)]
pub struct FoundChallenge {
    /// The challenge.
    pub challenge: Challenge,
    /// Whether a holder of a device token asked for it.
    pub is_holders: bool,
}

/// What a client learns about an open challenge.
#[derive(Debug, Clone, Copy)]
pub struct Opened {
    /// When its code expires.
    pub expires_at: Timestamp,
    /// The pause until the asker may request another code to the mobile.
    pub resend_after: Duration,
}

/// The result of opening a challenge.
#[derive(Debug, Clone, Copy)]
pub enum OpenChallenge {
    /// It is open.
    Opened(Opened),
    /// A limit refused it; nothing was counted.
    Refused(OtpRefusal),
    /// The device token was ended: it is as if none had been shown. Nothing was counted.
    TokenEnded,
}

impl Cache {
    /// Opens a challenge, ends the asker's earlier one for the same mobile and purpose, and counts it against every
    /// limit, all in one step. A refused one is not counted.
    pub async fn open_challenge(
        &self,
        id: ChallengeId,
        challenge: &Challenge,
        limits: &OtpLimits,
        asker: &Asker,
        now: Timestamp,
    ) -> Result<OpenChallenge, Fault> {
        let owners: Vec<_> = asker.owners.iter().map(Owner::as_str).collect();
        let is_holder = asker.token.is_some();
        let of_strangers = |most: u32| if is_holder { 0 } else { most };
        let mut call = OPEN.prepare_invoke();
        call.key(self.challenge_keys(id, challenge, asker, now).as_slice())
            .arg(now.unix_millis())
            .arg(id.to_string())
            .arg(LIFETIME.as_secs())
            .arg(challenge.mobile.as_str())
            .arg(challenge.purpose.as_str())
            .arg(&challenge.kid)
            .arg(challenge.signup.map(|id| id.to_string()).unwrap_or_default())
            .arg(asker.name())
            .arg(issued(asker.token.as_ref()))
            .arg(challenge.mobile.calling_code())
            .arg(owners.join(" "))
            .arg(limits.cooldown.as_secs())
            .arg(limits.per_mobile_hour)
            .arg(limits.per_mobile_day)
            .arg(of_strangers(limits.per_asker_hour))
            .arg(of_strangers(limits.per_asker_day))
            .arg(of_strangers(limits.per_ip_hour))
            .arg(limits.open);
        let (limit, seconds): (String, u64) = self.script(&call).await?;
        let pause = Duration::from_secs(seconds);
        match limit.as_str() {
            "" => Ok(OpenChallenge::Opened(Opened { expires_at: now + LIFETIME, resend_after: pause })),
            "ended" => Ok(OpenChallenge::TokenEnded),
            limit => {
                let limit = OtpLimit::parse(limit).ok_or(Fault::Bug("a script returned an unknown limit"))?;
                Ok(OpenChallenge::Refused(OtpRefusal { limit, pause }))
            }
        }
    }

    /// Withdraws a challenge whose code could not be queued, and what it counted against the limits, so its owner may
    /// try again at once. The arguments are those of [`Self::open_challenge`].
    pub async fn withdraw_challenge(
        &self,
        id: ChallengeId,
        challenge: &Challenge,
        asker: &Asker,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let mut call = WITHDRAW.prepare_invoke();
        call.key(self.challenge_keys(id, challenge, asker, now).as_slice())
            .arg(id.to_string())
            .arg(pointer(challenge.purpose, &challenge.mobile));
        self.script::<Value>(&call).await.map(drop)
    }

    /// The challenge, while it is open. Needed to deliver its code.
    pub async fn challenge(&self, id: ChallengeId, now: Timestamp) -> Result<Option<FoundChallenge>, Fault> {
        let mut call = FIND.prepare_invoke();
        let [pointers, before] = self.periods("open", LIFETIME, now);
        call.key(&[self.challenge_key(id), pointers, before]).arg(id.to_string());
        let found: Vec<String> = self.script(&call).await?;
        let Ok([mobile, purpose, kid, signup, expires, asker]) = <[String; 6]>::try_from(found) else {
            return Ok(None);
        };
        let (Ok(mobile), Some(purpose)) = (Mobile::parse(&mobile), Purpose::parse(&purpose)) else { return Ok(None) };
        let is_open = expires.parse().is_ok_and(|expires: i64| now.unix_millis() < expires);
        let challenge = Challenge { mobile, purpose, kid, signup: signup.parse().ok() };
        Ok(is_open.then(|| FoundChallenge { challenge, is_holders: asker == "device" }))
    }

    /// Ends every open challenge of a mobile.
    pub async fn end_challenges(&self, mobile: &Mobile, now: Timestamp) -> Result<(), Fault> {
        let fields: Vec<_> = Purpose::ALL.iter().map(|purpose| pointer(*purpose, mobile)).collect();
        let mut pipeline = redis::pipe();
        for key in self.periods("open", LIFETIME, now) {
            pipeline.hdel(key, &fields).ignore();
        }
        self.run_all(&pipeline).await
    }
}

/// When a token was issued, as scripts read it.
pub(super) fn issued(token: Option<&DeviceToken>) -> String {
    token.map(|token| token.issued.unix_millis().to_string()).unwrap_or_default()
}
