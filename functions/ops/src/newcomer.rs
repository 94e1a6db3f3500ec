//! Whether Postgres has a connection for a new environment. One that is open says nothing about that.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use shared::Fault;
use shared::config::{ConfigError, Env};
use shared::db::Db;
use shared::domain::Timestamp;

/// How long an environment relies on the last connection that it got: opening one has its price.
const RELIED_ON: Duration = Duration::from_secs(5);

/// Opens a connection as a new environment does. Cloning is cheap.
#[derive(Debug, Clone)]
pub(crate) struct Newcomer {
    /// A pool of its own: the function's connection stays open meanwhile.
    db: Db,
    last: Arc<Mutex<Option<Timestamp>>>,
}

impl Newcomer {
    /// Reads the environment.
    pub(crate) fn from_env(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { db: Db::from_env(env)?, last: Arc::default() })
    }

    /// Fails if there is no connection. After a failure the next call looks again.
    pub(crate) async fn look(&self, now: Timestamp) -> Result<(), Fault> {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|last| now.since(last) < RELIED_ON) {
            return Ok(());
        }
        let answer = self.db.ping().await;
        self.db.rest();
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = answer.is_ok().then_some(now);
        answer
    }
}
