//! How long a client waits for messages that are not ready yet.

use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

/// Seconds to wait, 0 to 20.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(try_from = "u64")]
pub(crate) struct Wait(u64);

impl TryFrom<u64> for Wait {
    type Error = &'static str;

    fn try_from(seconds: u64) -> Result<Self, Self::Error> {
        if seconds <= 20 { Ok(Self(seconds)) } else { Err("wait must be 0 to 20 seconds") }
    }
}

impl Wait {
    /// Whether the client waits at all.
    pub(crate) fn is_wanted(self) -> bool {
        self.0 > 0
    }

    /// When to stop waiting.
    pub(crate) fn deadline(self) -> Instant {
        Instant::now() + Duration::from_secs(self.0)
    }
}
