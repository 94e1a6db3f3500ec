//! Marks of sessions: live for a while, or revoked until their last token has expired.

use std::time::Duration;

use redis::Value;

use super::Cache;
use crate::Fault;
use crate::domain::SessionId;

/// How long a session that Postgres called live is believed to be.
const LIVE: Duration = Duration::from_secs(300);
/// How long a revoked session is remembered: longer than any access token lives.
const REVOKED: Duration = Duration::from_secs(8 * 24 * 3600);

/// What Redis knows of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// It was live a moment ago and was not revoked since.
    Live,
    /// It was revoked.
    Revoked,
    /// Nothing: Postgres decides.
    Unknown,
}

impl Mark {
    pub(super) fn of(value: Option<&str>) -> Self {
        match value {
            Some("live") => Self::Live,
            Some("revoked") => Self::Revoked,
            _ => Self::Unknown,
        }
    }
}

impl Cache {
    pub(super) fn session_key(&self, id: SessionId) -> String {
        self.key("session", id)
    }

    /// The mark of a session.
    pub async fn session(&self, id: SessionId) -> Result<Mark, Fault> {
        let value: Option<String> = self.run(redis::Cmd::get(self.session_key(id))).await?;
        Ok(Mark::of(value.as_deref()))
    }

    /// Marks a session that Postgres called live. A revocation that came in between stands.
    pub async fn mark_live(&self, id: SessionId) -> Result<(), Fault> {
        let mut command = redis::cmd("SET");
        command.arg(self.session_key(id)).arg("live").arg("NX").arg("EX").arg(LIVE.as_secs());
        self.run::<Value>(command).await.map(drop)
    }

    /// Marks sessions as revoked. To be called after Postgres was told.
    pub async fn mark_revoked(&self, ids: &[SessionId]) -> Result<(), Fault> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut pipeline = redis::pipe();
        for id in ids {
            pipeline.set_ex(self.session_key(*id), "revoked", REVOKED.as_secs()).ignore();
        }
        self.run_all::<()>(&pipeline).await
    }
}
