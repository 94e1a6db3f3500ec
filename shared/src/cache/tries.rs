//! Tries at challenges: each is counted before it is judged, and too many failures in a row lock a number's codes.

use std::time::Duration;

use uuid::Uuid;

use super::challenges::{LIFETIME, issued};
use super::scripts::TRY;
use super::{Cache, Purpose};
use crate::Fault;
use crate::auth::DeviceToken;
use crate::domain::{ChallengeId, Mobile, SignupId, Timestamp};

/// Wrong tries that a challenge allows.
const TRIES: u32 = 5;
/// Failures in a row that lock a number's codes for a purpose (NIST SP 800-63B, section 3.2.2: no more than 100). Those of
/// holders of a device token and those of strangers are counted apart.
const FAILURES: u32 = 100;
/// Failures count, and the lock lasts, until this long after the first of them. Within that time strangers get no more
/// codes than allow half of them, so they lock nobody out.
const LOCK: Duration = Duration::from_hours(24);

/// A try at a challenge.
#[derive(Debug)]
pub struct Try<'a> {
    /// For each live key, whether the code is right.
    pub right: &'a [(&'a str, bool)],
    /// The device token that was shown with the code.
    pub token: Option<&'a DeviceToken>,
}

/// The result of a try.
#[derive(Debug)]
pub enum Verdict {
    /// The code was right; the challenge has ended.
    Right(Mobile, Purpose, Option<SignupId>),
    /// The code was right, but the codes of this number are locked until then; the challenge has ended.
    Locked(Timestamp, Mobile),
    /// It was wrong; it had been sent to this number.
    Wrong(Mobile),
    /// The challenge does not exist any more.
    Expired,
}

impl Cache {
    /// Counts a try at a challenge before it is judged.
    pub async fn try_challenge(&self, id: ChallengeId, attempt: &Try<'_>, now: Timestamp) -> Result<Verdict, Fault> {
        let mut call = TRY.prepare_invoke();
        let [pointers, pointers_before] = self.periods("open", LIFETIME, now);
        let [failures, failures_before] = self.periods("failures", LOCK, now);
        let [hour, _] = self.hours(now);
        let mark = self.mark_key(attempt.token);
        call.key(&[self.challenge_key(id), pointers, pointers_before, failures, failures_before, mark, hour])
            .arg(now.unix_millis())
            .arg(TRIES)
            .arg(FAILURES)
            .arg(LOCK.as_secs())
            .arg(id.to_string())
            .arg(Uuid::new_v4().to_string())
            .arg(attempt.token.map_or("", |token| token.owner.as_str()))
            .arg(issued(attempt.token));
        for (kid, right) in attempt.right {
            call.arg(*kid).arg(u8::from(*right));
        }
        verdict(&self.script::<Vec<String>>(&call).await?).ok_or(Fault::Bug("a challenge cannot be read"))
    }
}

fn verdict(said: &[String]) -> Option<Verdict> {
    match said.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["right", mobile, purpose, signup] => {
            Some(Verdict::Right(Mobile::parse(mobile).ok()?, Purpose::parse(purpose)?, signup.parse().ok()))
        }
        ["locked", until, mobile] => {
            Some(Verdict::Locked(Timestamp::from_unix_millis(until.parse().ok()?)?, Mobile::parse(mobile).ok()?))
        }
        ["wrong", mobile] => Some(Verdict::Wrong(Mobile::parse(mobile).ok()?)),
        ["expired"] => Some(Verdict::Expired),
        _ => None,
    }
}
