//! The first connection of a process: opened in the background while the request asks Redis.

use std::mem;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use deadpool_postgres::{Pool, PoolError};
use tokio::task::JoinHandle;

use super::connect::CONNECT_TIMEOUT;

/// If the connection took longer, the process was frozen meanwhile, and its error says nothing of now.
const LONGEST: Duration = CONNECT_TIMEOUT.saturating_mul(2);

/// Whether the first connection has been opened ahead.
#[derive(Debug, Default)]
pub(super) struct Ahead(Mutex<State>);

#[derive(Debug, Default)]
enum State {
    #[default]
    NotBegun,
    Begun(JoinHandle<Result<(), PoolError>>, Instant),
    Over,
}

impl Ahead {
    /// Begins to open the connection, unless it was begun before or a statement came first.
    pub(super) fn begin(&self, pool: &Pool) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::NotBegun) {
            let pool = pool.clone();
            let opening = tokio::spawn(async move { pool.get().await.map(drop) });
            *state = State::Begun(opening, Instant::now());
        }
    }

    /// Waits until the connection is in the pool, and tells if it is. A statement that comes while it is opened does not
    /// try again if that fails.
    pub(super) async fn end(&self) -> Result<bool, PoolError> {
        let State::Begun(opening, since) = self.take() else { return Ok(false) };
        match opening.await {
            Ok(Err(error)) if since.elapsed() <= LONGEST => Err(error),
            opened => Ok(matches!(opened, Ok(Ok(())))),
        }
    }

    /// Gives up.
    pub(super) fn abort(&self) {
        if let State::Begun(opening, _) = self.take() {
            opening.abort();
        }
    }

    fn take(&self) -> State {
        mem::replace(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner), State::Over)
    }
}
