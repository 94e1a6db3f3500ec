//! The keys of codes, and of what is counted for them. All of them have one hash tag, so scripts may touch several.

use std::fmt::Display;
use std::time::Duration;

use super::challenges::LIFETIME;
use super::{Cache, Challenge, Purpose};
use crate::domain::{ChallengeId, Mobile, Timestamp};

impl Cache {
    /// The keys of OPEN.
    pub(super) fn challenge_keys(
        &self,
        id: ChallengeId,
        challenge: &Challenge,
        ip: &str,
        now: Timestamp,
    ) -> [String; 7] {
        let [pointers, before] = self.periods("open", LIFETIME, now);
        [
            self.challenge_key(id),
            pointers,
            before,
            self.code_key("codes-mobile", challenge.mobile.as_str()),
            self.code_key("codes-ip", ip),
            self.code_key("codes-prefix", challenge.mobile.prefix()),
            self.code_key("codes-day", now.day()),
        ]
    }

    pub(super) fn challenge_key(&self, id: ChallengeId) -> String {
        self.code_key("challenge", id)
    }

    /// The key of this period and of the one before. What is written in a period is read for its `length`.
    pub(super) fn periods(&self, kind: &str, length: Duration, now: Timestamp) -> [String; 2] {
        let period = now.unix_millis() / i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
        [period, period - 1].map(|period| self.code_key(kind, period))
    }

    /// A key that scripts about codes may touch: all of them lie in one slot.
    fn code_key(&self, kind: &str, of: impl Display) -> String {
        self.key(kind, format_args!("{{codes}}:{of}"))
    }
}

/// The field that names the open challenge of a mobile.
pub(super) fn pointer(purpose: Purpose, mobile: &Mobile) -> String {
    format!("{}:{}", purpose.as_str(), mobile.as_str())
}
