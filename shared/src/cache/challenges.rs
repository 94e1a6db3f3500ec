//! Challenges of one-time codes: what must be proved, until when, and the number of tries. They never hold the code.

use std::time::Duration;

use redis::Value;

use super::scripts::{OPEN, TRY, WITHDRAW};
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
    /// The profile that a new account gets.
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
            .arg(self.key("challenge", ""))
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
        call.key(self.challenge_keys(id, challenge, ip, now).as_slice()).arg(id.to_string());
        self.script::<Value>(&call).await.map(drop)
    }

    /// The challenge, while it is open. Needed to deliver its code.
    pub async fn challenge(&self, id: ChallengeId, now: Timestamp) -> Result<Option<Challenge>, Fault> {
        let mut command = redis::cmd("HMGET");
        command.arg(self.key("challenge", id)).arg(&["mobile", "purpose", "kid", "signup", "expires"]);
        let found: [Option<String>; 5] = self.run(command).await?;
        let [Some(mobile), Some(purpose), Some(kid), signup, Some(expires)] = found else { return Ok(None) };
        let (Ok(mobile), Some(purpose)) = (Mobile::parse(&mobile), Purpose::parse(&purpose)) else { return Ok(None) };
        let is_open = expires.parse().is_ok_and(|expires: i64| now.unix_millis() < expires);
        Ok(is_open.then(|| Challenge { mobile, purpose, kid, signup: signup.and_then(|id| id.parse().ok()) }))
    }

    /// Counts a try at a challenge before it is judged. `right` says for each live key whether the code is right.
    pub async fn try_challenge(
        &self,
        id: ChallengeId,
        right: &[(&str, bool)],
        now: Timestamp,
    ) -> Result<Verdict, Fault> {
        let mut call = TRY.prepare_invoke();
        call.key(self.key("challenge", id))
            .arg(now.unix_millis())
            .arg(TRIES)
            .arg(FAILURES)
            .arg(LOCK.as_secs())
            .arg(self.key("failures", ""))
            .arg(self.key("open", ""));
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
    pub async fn end_challenges(&self, mobile: &Mobile) -> Result<(), Fault> {
        let pointers: Vec<_> =
            Purpose::ALL.iter().map(|purpose| self.open_challenge_key(*purpose, mobile.as_str())).collect();
        let mut read = redis::cmd("MGET");
        read.arg(&pointers);
        let open: Vec<Option<String>> = self.run(read).await?;
        let mut delete = redis::cmd("DEL");
        delete.arg(&pointers);
        for id in open.iter().flatten() {
            delete.arg(self.key("challenge", id));
        }
        self.run::<Value>(delete).await.map(drop)
    }

    /// The keys that are written when a challenge is opened: itself, the pointer to it, its limits' logs, the day's
    /// counter.
    fn challenge_keys(&self, id: ChallengeId, challenge: &Challenge, ip: &str, now: Timestamp) -> [String; 6] {
        let mobile = challenge.mobile.as_str();
        [
            self.key("challenge", id),
            self.open_challenge_key(challenge.purpose, mobile),
            self.key("codes-mobile", mobile),
            self.key("codes-ip", ip),
            self.key("codes-prefix", challenge.mobile.prefix()),
            self.key("codes-day", now.day()),
        ]
    }

    fn open_challenge_key(&self, purpose: Purpose, mobile: &str) -> String {
        self.key("open", format_args!("{}:{mobile}", purpose.as_str()))
    }
}
