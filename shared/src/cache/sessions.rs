//! Marks of sessions: live for a while, or revoked.
//!
//! Postgres decides; a mark spares asking it. A revocation is written to Postgres, then marked here, so it holds at the
//! next request whether Redis is up or stopped. One gap is left: Redis cannot be reached when a session is revoked and
//! comes back with its old memory (a partition, not a restart) while a `live` mark of that session has not lapsed. The
//! session's access token is then taken for the rest of [`LIVE`], which is short for this reason; its refresh token,
//! which Postgres alone judges, is refused at once.

use std::time::Duration;

use redis::Value;

use super::Cache;
use crate::Fault;
use crate::domain::SessionId;

/// How long a session that Postgres called live is believed to be: a busy client costs one look a minute.
const LIVE: Duration = Duration::from_mins(1);
/// How long a revocation is marked. Afterwards Postgres is asked again and says the same.
const REVOKED: Duration = Duration::from_hours(24);

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
