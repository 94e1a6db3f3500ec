//! Tries at a secret: counted where they are judged, in one step.

use std::time::Duration;

use super::scripts::ATTEMPT;
use super::{Cache, RateLimit};
use crate::Fault;
use crate::domain::Timestamp;

/// What a try met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// How long to wait, if there were too many wrong tries: then even a right one is refused.
    pub pause: Option<Duration>,
    /// The wrong tries so far, this one included.
    pub wrong: u32,
}

impl Cache {
    /// Counts a try of `kind` by `of` if it is wrong, and forgets the earlier ones if it is `right`. Beyond the limit every
    /// try is refused, so that nobody learns whether one was right.
    pub async fn attempt(
        &self,
        kind: &str,
        of: &str,
        right: bool,
        limit: RateLimit,
        now: Timestamp,
    ) -> Result<Attempt, Fault> {
        let mut call = ATTEMPT.prepare_invoke();
        call.key(self.key(kind, of))
            .arg(now.unix_millis())
            .arg(limit.within.as_secs())
            .arg(limit.most)
            .arg(uuid::Uuid::new_v4().to_string())
            .arg(u8::from(right));
        let (wait, wrong): (u64, u32) = self.script(&call).await?;
        Ok(Attempt { pause: (wait > 0).then(|| Duration::from_secs(wait)), wrong })
    }
}
