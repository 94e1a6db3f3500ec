//! One-time codes' challenges: what must be proved, until when, and how often it was tried. Never the code.

use std::time::Duration;

use redis::{Cmd, FromRedisValue, Value};

use super::scripts::{OPEN, TRY};
use super::{Cache, CodeLimits, Refusal};
use crate::Fault;
use crate::domain::{ChallengeId, Mobile, SignupId, Timestamp};

/// How long a code is good for.
pub const LIFETIME: Duration = Duration::from_secs(300);
/// Wrong tries a challenge bears.
const TRIES: u32 = 5;
/// Consecutive failures that pause an account's sign-in by code (NIST SP 800-63B, section 3.2.2: no more than 100)…
const FAILURES: u32 = 100;
/// …for so long after the last of them.
const LOCK: Duration = Duration::from_secs(24 * 3600);

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
    /// one step. Answers the pause until the next may be opened.
    pub async fn open_challenge(
        &self,
        id: ChallengeId,
        challenge: &Challenge,
        limits: &CodeLimits,
        ip: &str,
        now: Timestamp,
    ) -> Result<Result<Duration, Refusal>, Fault> {
        let mobile = challenge.mobile.as_str();
        let mut call = OPEN.prepare_invoke();
        call.key(self.key("challenge", id))
            .key(self.open_challenge_key(challenge.purpose, mobile))
            .key(self.key("codes-mobile", mobile))
            .key(self.key("codes-ip", ip))
            .key(self.key("codes-prefix", challenge.mobile.prefix()))
            .key(self.key("codes-day", now.day()))
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
        Ok(Refusal::of(&limit, pause).map_or(Ok(pause), Err))
    }

    /// The challenge, while it is open. For whoever delivers its code.
    pub async fn challenge(&self, id: ChallengeId) -> Result<Option<Challenge>, Fault> {
        let mut command = redis::cmd("HMGET");
        command.arg(self.key("challenge", id)).arg(&["mobile", "purpose", "kid", "signup"]);
        let found: [Option<String>; 4] = self.run(command).await?;
        let [Some(mobile), Some(purpose), Some(kid), signup] = found else { return Ok(None) };
        let (Ok(mobile), Some(purpose)) = (Mobile::parse(&mobile), Purpose::parse(&purpose)) else { return Ok(None) };
        Ok(Some(Challenge { mobile, purpose, kid, signup: signup.and_then(|id| id.parse().ok()) }))
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
        let answer: Vec<Value> = self.script(&call).await?;
        let answer: Vec<String> = Vec::from_redis_value(Value::Array(answer)).map_err(redis::RedisError::from)?;
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
        let pointers = [Purpose::SignIn, Purpose::PasswordReset].map(|purpose| self.open_challenge_key(purpose, mobile));
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

    /// Keeps a sign-up's profile until its mobile is proved. `profile` is JSON; a password in it is hashed already.
    pub async fn keep_signup(&self, id: SignupId, mobile: &Mobile, profile: &str, ttl: Duration) -> Result<(), Fault> {
        let value = format!("{}\n{profile}", mobile.as_str());
        self.run::<Value>(Cmd::set_ex(self.key("signup", id), value, ttl.as_secs())).await.map(drop)
    }

    /// The profile that waits under `id`, with the mobile it is for.
    pub async fn signup(&self, id: SignupId) -> Result<Option<(Mobile, String)>, Fault> {
        let value: Option<String> = self.run(Cmd::get(self.key("signup", id))).await?;
        Ok(value.and_then(|value| {
            let (mobile, profile) = value.split_once('\n')?;
            Some((Mobile::parse(mobile).ok()?, profile.to_owned()))
        }))
    }

    /// Drops a sign-up's profile once it was used.
    pub async fn drop_signup(&self, id: SignupId) -> Result<(), Fault> {
        self.delete(self.key("signup", id)).await.map(drop)
    }

    fn open_challenge_key(&self, purpose: Purpose, mobile: &str) -> String {
        self.key("open", format_args!("{}:{mobile}", purpose.as_str()))
    }
}
