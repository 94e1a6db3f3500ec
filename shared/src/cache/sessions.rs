//! Marks of sessions: live for a while, or revoked.
//!
//! Postgres decides; a mark saves a query. A revocation is written to Postgres, then marked here, so it applies to the
//! next request, whether Redis is up or down. One gap is left: Redis is unreachable when a session is revoked, and
//! comes back with its old memory (a partition, not a restart) before the session's `live` mark has expired. Then the
//! access token is accepted for the rest of [`LIVE`], which is short for this reason. The refresh token is refused at
//! once, since only Postgres checks it.

use std::time::Duration;

use redis::{Pipeline, Value};

use super::{Cache, Checked, Visit};
use crate::Fault;
use crate::domain::SessionId;

/// How long a `live` mark is trusted: a busy client costs one query a minute.
const LIVE: Duration = Duration::from_mins(1);
/// How long a revocation is marked. Afterwards Postgres is asked again and gives the same answer.
const REVOKED: Duration = Duration::from_hours(24);

/// What Redis knows about a session.
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
        self.door_key("session", id)
    }

    /// The mark of a request's session, and whether the request exceeds a limit.
    pub async fn session(&self, visit: &Visit<'_>) -> Result<Checked, Fault> {
        let admission = self.admission(visit);
        let (checked,): (Checked,) = self
            .run_scripts(|form| {
                let mut pipeline = redis::pipe();
                pipeline.add_command(admission(form));
                pipeline
            })
            .await?;
        Ok(checked)
    }

    /// Marks a session that is live in Postgres. A revocation that was marked meanwhile is kept.
    pub async fn mark_live(&self, id: SessionId) -> Result<(), Fault> {
        let mut command = redis::cmd("SET");
        command.arg(self.session_key(id)).arg("live").arg("NX").arg("EX").arg(LIVE.as_secs());
        self.run::<Value>(command).await.map(drop)
    }

    /// Marks sessions as revoked. Must be called after the revocation is stored in Postgres.
    pub async fn mark_revoked(&self, ids: &[SessionId]) -> Result<(), Fault> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut pipeline = redis::pipe();
        self.add_revoked(&mut pipeline, ids);
        self.run_all::<()>(&pipeline).await
    }

    /// Adds the marks of revoked sessions to a pipeline.
    pub(super) fn add_revoked(&self, pipeline: &mut Pipeline, ids: &[SessionId]) {
        for id in ids {
            pipeline.set_ex(self.session_key(*id), "revoked", REVOKED.as_secs()).ignore();
        }
    }
}
