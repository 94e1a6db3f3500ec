//! `maintenance`: restores what was lost and removes what has expired. Every task may run twice at once.
//!
//! - [`sweep`]: replies that no worker holds are sent again, dead-lettered ones are ended.
//! - [`reconcile`]: compares Stripe's state with what is stored.
//! - [`replay`]: processes one event or customer of Stripe's again. - [`each`]: works on a list, some of it at once.
//! - [`expire`]: deletes rows that have no use any more.

mod each;
pub mod expire;
pub mod reconcile;
pub mod replay;
pub mod sweep;

use std::time::Duration;

use lambda_runtime::Error;
use serde::{Deserialize, Serialize};
use shared::config::{ConfigError, Env};
use shared::db::Db;
use shared::domain::Clock;
use shared::stripe::Billing;
use shared::telemetry::{self, Origin, within};
use tokio::time::Instant;
use tracing::Span;

pub use each::AT_ONCE;

use crate::expire::Expired;
use crate::reconcile::Reconciled;
use crate::replay::{Replay, Replayed};
use crate::sweep::{Sweeper, Swept};

/// How long a task works before it leaves the rest to its next run: well below the function's timeout.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// A task that a schedule or an operator requests.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum Task {
    /// Runs every minute.
    Sweep,
    /// Runs every hour.
    Reconcile,
    /// Runs every five minutes: a run deletes a bounded number of rows, and a large deployment has many.
    Expire,
    /// Not on a schedule: an operator requests that one customer or event of Stripe is processed again.
    Replay(Replay),
}

impl Task {
    /// The metric that counts its runs. An alarm misses it.
    fn heartbeat(&self) -> Option<&'static str> {
        match self {
            Self::Sweep => Some("SweepRan"),
            Self::Reconcile => Some("ReconcileRan"),
            Self::Expire => Some("ExpireRan"),
            Self::Replay(_) => None,
        }
    }
}

/// What a task did: the function's response and a line in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Done {
    /// The report of a sweep.
    Swept(Swept),
    /// The report of a reconciliation.
    Reconciled(Reconciled),
    /// The report of an expiry.
    Expired(Expired),
    /// The report of a replay.
    Replayed(Replayed),
}

/// The function.
#[derive(Debug, Clone)]
pub struct Maintenance {
    db: Db,
    sweeper: Sweeper,
    billing: Billing,
    /// How long a refresh token is valid.
    refreshable: Duration,
    clock: Clock,
}

impl Maintenance {
    /// Reads the settings.
    pub fn from_env(env: &Env, clock: Clock) -> Result<Self, ConfigError> {
        let db = Db::from_env(env)?;
        let days: u32 = env.parsed("REFRESH_TOKEN_DAYS", 30)?;
        Ok(Self {
            sweeper: Sweeper::from_env(env, db.clone(), clock.clone())?,
            billing: Billing::from_env(env, db.clone(), clock.clone())?,
            refreshable: Duration::from_secs(u64::from(days) * 86_400),
            db,
            clock,
        })
    }

    /// Runs a task. Lambda retries a task that fails, and counts the failure for the alarm.
    pub async fn handle(&self, task: Task) -> Result<Done, Error> {
        let until = Instant::now() + PATIENCE;
        let done = match &task {
            Task::Sweep => {
                // What it sends has its name, since no request sends it.
                let origin = Origin { request_id: Some("sweep".to_owned()), ..Origin::current() };
                within(origin, Span::current(), self.sweeper.sweep(until)).await.map(Done::Swept)
            }
            Task::Reconcile => reconcile::reconcile(&self.billing, until).await.map(Done::Reconciled),
            Task::Replay(what) => replay::replay(&self.billing, what).await.map(Done::Replayed),
            Task::Expire => {
                expire::expire(&self.db, self.refreshable, self.clock.now(), until).await.map(Done::Expired)
            }
        };
        // As text: the runtime logs errors in full, and Postgres' would show rows.
        let done = done.map_err(|error| format!("{task:?}: {error}"))?;
        if let Some(heartbeat) = task.heartbeat() {
            telemetry::count(heartbeat, 1, self.clock.now());
        }
        tracing::info!(?task, ?done, "maintained");
        Ok(done)
    }
}
