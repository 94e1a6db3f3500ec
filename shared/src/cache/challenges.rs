//! Challenges of one-time codes: what must be proved, until when, and the number of tries. They never hold the code.

use std::time::Duration;

use redis::Value;
use uuid::Uuid;

use super::code_keys::pointer;
use super::scripts::{FIND, OPEN, TRY, WITHDRAW};
use super::{Cache, OtpLimit, OtpLimits, OtpRefusal};
use crate::Fault;
use crate::domain::{ChallengeId, Mobile, SignupId, Timestamp, words};

/// How long a code is valid.
pub(super) const LIFETIME: Duration = Duration::from_mins(5);
/// Wrong tries that a challenge allows.
const TRIES: u32 = 5;
/// Consecutive failures that pause an account's sign-in by code (NIST SP 800-63B, section 3.2.2: no more than 100).
const FAILURES: u32 = 100;
/// How long that pause lasts after the last failure.
const LOCK: Duration = Duration::from_hours(24);

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

/// What a client learns about an open challenge.
#[derive(Debug, Clone, Copy)]
pub struct Opened {
    /// When its code expires.
    pub expires_at: Timestamp,
    /// The pause until another code may be sent to the mobile.
    pub resend_after: Duration,
}

/// The result of opening a challenge.
#[derive(Debug, Clone, Copy)]
pub enum OpenChallenge {
    /// It is open.
    Opened(Opened),
    /// A limit refused it; nothing was counted.
    Refused(OtpRefusal),
}

/// The result of a try.
#[derive(Debug)]
pub enum Verdict {
    /// The code was right; the challenge has ended.
    Right(Mobile, Purpose, Option<SignupId>),
    /// It was wrong, or the account is paused.
    Wrong,
    /// The challenge does not exist any more.
    Expired,
}

impl Cache {
    /// Opens a challenge, ends the mobile's earlier one of the same purpose, and counts it against every limit, all in
    /// one step. A refused one is not counted.
    pub async fn open_challenge(
        &self,
        id: ChallengeId,
        challenge: &Challenge,
        limits: &OtpLimits,
        ip: &str,
        now: Timestamp,
    ) -> Result<OpenChallenge, Fault> {
        let mobile = challenge.mobile.as_str();
        let mut call = OPEN.prepare_invoke();
        call.key(self.challenge_keys(id, challenge, ip, now).as_slice())
            .arg(now.unix_millis())
            .arg(id.to_string())
            .arg(LIFETIME.as_secs())
            .arg(mobile)
            .arg(challenge.purpose.as_str())
            .arg(&challenge.kid)
            .arg(challenge.signup.map(|id| id.to_string()).unwrap_or_default())
            .arg(limits.cooldown.as_secs())
            .arg(limits.per_mobile_hour)
            .arg(limits.per_mobile_day)
            .arg(limits.per_ip_hour)
            .arg(limits.per_prefix_hour)
            .arg(limits.per_day);
        let (limit, seconds): (String, u64) = self.script(&call).await?;
        let pause = Duration::from_secs(seconds);
        if limit.is_empty() {
            return Ok(OpenChallenge::Opened(Opened { expires_at: now + LIFETIME, resend_after: pause }));
        }
        let limit = OtpLimit::parse(&limit).ok_or(Fault::Bug("a script returned an unknown limit"))?;
        Ok(OpenChallenge::Refused(OtpRefusal { limit, pause }))
    }

    /// Withdraws a challenge whose code could not be queued, and what it counted against the limits, so its owner may
    /// try again at once. The arguments are those of [`Self::open_challenge`].
    pub async fn withdraw_challenge(
        &self,
        id: ChallengeId,
        challenge: &Challenge,
        ip: &str,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let mut call = WITHDRAW.prepare_invoke();
        call.key(self.challenge_keys(id, challenge, ip, now).as_slice())
            .arg(id.to_string())
            .arg(pointer(challenge.purpose, &challenge.mobile));
        self.script::<Value>(&call).await.map(drop)
    }

    /// The challenge, while it is open. Needed to deliver its code.
    pub async fn challenge(&self, id: ChallengeId, now: Timestamp) -> Result<Option<Challenge>, Fault> {
        let mut call = FIND.prepare_invoke();
        let [pointers, before] = self.periods("open", LIFETIME, now);
        call.key(&[self.challenge_key(id), pointers, before]).arg(id.to_string());
        let found: Vec<String> = self.script(&call).await?;
        let Ok([mobile, purpose, kid, signup, expires]) = <[String; 5]>::try_from(found) else { return Ok(None) };
        let (Ok(mobile), Some(purpose)) = (Mobile::parse(&mobile), Purpose::parse(&purpose)) else { return Ok(None) };
        let is_open = expires.parse().is_ok_and(|expires: i64| now.unix_millis() < expires);
        Ok(is_open.then(|| Challenge { mobile, purpose, kid, signup: signup.parse().ok() }))
    }

    /// Counts a try at a challenge before it is judged. `right` says for each live key whether the code is right.
    pub async fn try_challenge(
        &self,
        id: ChallengeId,
        right: &[(&str, bool)],
        now: Timestamp,
    ) -> Result<Verdict, Fault> {
        let mut call = TRY.prepare_invoke();
        let [pointers, pointers_before] = self.periods("open", LIFETIME, now);
        let [failures, failures_before] = self.periods("failures", LOCK, now);
        call.key(&[self.challenge_key(id), pointers, pointers_before, failures, failures_before])
            .arg(now.unix_millis())
            .arg(TRIES)
            .arg(FAILURES)
            .arg(LOCK.as_secs())
            .arg(id.to_string())
            .arg(Uuid::new_v4().to_string());
        for (kid, right) in right {
            call.arg(*kid).arg(u8::from(*right));
        }
        let verdict: Vec<String> = self.script(&call).await?;
        let unreadable = Fault::Bug("a challenge cannot be read");
        match verdict.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["right", mobile, purpose, signup] => match (Mobile::parse(mobile), Purpose::parse(purpose)) {
                (Ok(mobile), Some(purpose)) => Ok(Verdict::Right(mobile, purpose, signup.parse().ok())),
                _ => Err(unreadable),
            },
            ["wrong"] => Ok(Verdict::Wrong),
            ["expired"] => Ok(Verdict::Expired),
            _ => Err(unreadable),
        }
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
