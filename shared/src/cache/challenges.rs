//! One-time codes' challenges: what must be proved, until when, and how often it was tried. Never the code.

use std::time::Duration;

use redis::Value;

use super::scripts::{OPEN, TRY, WITHDRAW};
use super::{Cache, CodeLimits, Refusal};
use crate::Fault;
use crate::domain::{ChallengeId, Mobile, SignupId, Timestamp};

/// How long a code is good for.
pub(super) const LIFETIME: Duration = Duration::from_mins(5);
/// Wrong tries a challenge bears.
const TRIES: u32 = 5;
/// Consecutive failures that pause an account's sign-in by code (NIST SP 800-63B, section 3.2.2: no more than 100)…
const FAILURES: u32 = 100;
/// …for so long after the last of them.
const LOCK: Duration = Duration::from_hours(24);

/// What a code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To sign in.
    SignIn,
    /// To set a new password.
    PasswordReset,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::PasswordReset => "password_reset",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::SignIn, Self::PasswordReset].into_iter().find(|purpose| purpose.as_str() == text)
    }
}

/// A challenge that waits for its code.
#[derive(Debug, Clone)]
pub struct Challenge {
    /// The mobile to be proved.
    pub mobile: Mobile,
    /// What for.
    pub purpose: Purpose,
    /// The key its code is derived with.
    pub kid: String,
    /// The profile that a new account gets.
    pub signup: Option<SignupId>,
}

/// What a client is told of an open challenge.
#[derive(Debug, Clone, Copy)]
pub struct Opened {
    /// When its code expires.
    pub expires_at: Timestamp,
    /// The pause until the mobile may be sent another.
    pub resend_after: Duration,
}

/// What a try came to.
#[derive(Debug)]
pub enum Verdict {
    /// The code was right; the challenge has ended.
    Right(Mobile, Purpose, Option<SignupId>),
    /// It was wrong, or the account is paused.
    Wrong,
    /// No such challenge any more.
    Expired,
}

impl Cache {
    /// Opens a challenge, ends the mobile's earlier one of the same purpose, and counts it against every limit, all in
    /// one step. What is refused is not counted.
    pub async fn open_challenge(
        &self,
        id: ChallengeId,
        challenge: &Challenge,
        limits: &CodeLimits,
        ip: &str,
        now: Timestamp,
    ) -> Result<Result<Opened, Refusal>, Fault> {
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
        let opened = Opened { expires_at: now + LIFETIME, resend_after: pause };
        Ok(Refusal::of(&limit, pause).map_or(Ok(opened), Err))
    }

    /// Takes back a challenge whose code could not be handed on, and with it what it counted against the limits: its
    /// owner may try again at once. `now` and the others are those it was opened with.
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

    /// The challenge, while it is open. For whoever delivers its code.
    pub async fn challenge(&self, id: ChallengeId, now: Timestamp) -> Result<Option<Challenge>, Fault> {
        let mut command = redis::cmd("HMGET");
        command.arg(self.key("challenge", id)).arg(&["mobile", "purpose", "kid", "signup", "expires"]);
        let found: [Option<String>; 5] = self.run(command).await?;
        let [Some(mobile), Some(purpose), Some(kid), signup, Some(expires)] = found else { return Ok(None) };
        let (Ok(mobile), Some(purpose)) = (Mobile::parse(&mobile), Purpose::parse(&purpose)) else { return Ok(None) };
        let is_open = expires.parse().is_ok_and(|expires: i64| now.unix_millis() < expires);
        Ok(is_open.then(|| Challenge { mobile, purpose, kid, signup: signup.and_then(|id| id.parse().ok()) }))
    }

    /// Reserves the delivery of a challenge's code. `false`: it was sent, or is being sent, by another delivery of the
    /// same job.
    pub async fn begin_sending(&self, id: ChallengeId) -> Result<bool, Fault> {
        self.once("sent", id, LIFETIME).await
    }

    /// Gives the reservation back after a failure: the next delivery of the job may send.
    pub async fn sending_failed(&self, id: ChallengeId) -> Result<(), Fault> {
        self.delete(self.key("sent", id)).await.map(drop)
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
        let answer: Vec<String> = self.script(&call).await?;
        Ok(match answer.as_slice() {
            [word, mobile, purpose, signup] if word == "right" => {
                match (Mobile::parse(mobile), Purpose::parse(purpose)) {
                    (Ok(mobile), Some(purpose)) => Verdict::Right(mobile, purpose, signup.parse().ok()),
                    _ => Verdict::Expired,
                }
            }
            [word] if word == "wrong" => Verdict::Wrong,
            _ => Verdict::Expired,
        })
    }

    /// Ends every open challenge of a mobile.
    pub async fn end_challenges(&self, mobile: &str) -> Result<(), Fault> {
        let pointers =
            [Purpose::SignIn, Purpose::PasswordReset].map(|purpose| self.open_challenge_key(purpose, mobile));
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

    /// What opening a challenge writes to: itself, the pointer to it, the logs of its limits, the day's counter.
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
