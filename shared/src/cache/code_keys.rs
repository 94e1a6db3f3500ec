//! The keys of codes and passwords, and of what is counted for them. All of them have one hash tag, so scripts may touch
//! several.

use std::fmt::Display;
use std::time::Duration;

use super::challenges::LIFETIME;
use super::{Asker, Cache, Challenge, Purpose};
use crate::auth::DeviceToken;
use crate::domain::{ChallengeId, Mobile, Timestamp};

const HOUR: Duration = Duration::from_hours(1);

impl Cache {
    /// The keys of OPEN and WITHDRAW.
    pub(super) fn challenge_keys(
        &self,
        id: ChallengeId,
        challenge: &Challenge,
        asker: &Asker,
        now: Timestamp,
    ) -> [String; 7] {
        let [pointers, before] = self.periods("open", LIFETIME, now);
        let [number, at_number, address] =
            asker.counts(challenge.purpose.as_str(), &challenge.mobile).map(|(kind, of)| self.code_key(kind, of));
        let mark = self.mark_key(asker.token.as_ref());
        [self.challenge_key(id), pointers, before, mark, number, at_number, address]
    }

    pub(super) fn challenge_key(&self, id: ChallengeId) -> String {
        self.code_key("challenge", id)
    }

    /// The key of the mark that ends the device tokens of an owner. Without a token no script reads it.
    pub(super) fn mark_key(&self, token: Option<&DeviceToken>) -> String {
        self.code_key("device-ended", token.map_or("", |token| token.owner.as_str()))
    }

    /// What was sent and used in this hour, and in the one before.
    pub(super) fn hours(&self, now: Timestamp) -> [String; 2] {
        self.periods("codes-hour", HOUR, now)
    }

    /// The key of this period and of the one before. What is written in a period is read for its `length`.
    pub(super) fn periods(&self, kind: &str, length: Duration, now: Timestamp) -> [String; 2] {
        let period = now.unix_millis() / i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
        [period, period - 1].map(|period| self.code_key(kind, period))
    }

    /// A key that scripts about codes and passwords may touch: all of them lie in one slot.
    pub(super) fn code_key(&self, kind: &str, of: impl Display) -> String {
        self.key(kind, format_args!("{{codes}}:{of}"))
    }
}

/// The field that names the open challenges of a mobile.
pub(super) fn pointer(purpose: Purpose, mobile: &Mobile) -> String {
    format!("{}:{}", purpose.as_str(), mobile.as_str())
}
