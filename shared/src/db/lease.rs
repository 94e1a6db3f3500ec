//! A connection on loan from the pool. It returns only in a known state: whatever else happens, it is closed.

use std::sync::atomic::{AtomicBool, Ordering};

use deadpool_postgres::{ClientWrapper, Object};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, Row};

use super::{Parameters, STATEMENT_TIMEOUT};
use crate::Fault;

/// A connection of the pool. It returns by [`Lease::end`], and only if its last statement ended and the server is in
/// order. A lease that is dropped, with its statement perhaps, closes the connection.
#[derive(Debug)]
pub(super) struct Lease {
    /// `None` once it has returned.
    object: Option<Object>,
    /// Whether the last statement ended, and not by an error of the server's.
    sound: AtomicBool,
    /// Whether its statements are prepared under a name, which is cheaper from the second time on.
    prepares: bool,
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(object) = self.object.take() else { return };
        // Idle connections have most likely the same trouble, a failover say. So the next request gets a new one.
        if let Some(pool) = Object::pool(&object).filter(|_| !self.sound.load(Ordering::Relaxed)) {
            pool.retain(|_, _| false);
        }
        drop(Object::take(object));
    }
}

impl Lease {
    /// `shared` says that the connection may be another client's in the next moment: nothing may stay on it. A new
    /// connection's first statement is not prepared either. That saves the round trip which its check has cost. One
    /// that was `opened_ahead` has been lent once before.
    pub(super) fn of(object: Object, shared: bool, opened_ahead: bool) -> Self {
        let is_new = Object::metrics(&object).recycle_count == usize::from(opened_ahead);
        Self { object: Some(object), sound: AtomicBool::new(true), prepares: !shared && !is_new }
    }

    /// Runs a statement and reads all of its rows.
    pub(super) async fn query(&self, sql: &str, parameters: Parameters<'_>) -> Result<Vec<Row>, Fault> {
        self.run(async |connection| {
            if !self.prepares {
                return connection.query_typed(sql, &typed(parameters)).await;
            }
            let statement = connection.prepare_cached(sql).await?;
            connection.query(&statement, &untyped(parameters)).await
        })
        .await
    }

    /// Runs a statement and returns how many rows it changed.
    pub(super) async fn execute(&self, sql: &str, parameters: Parameters<'_>) -> Result<u64, Fault> {
        self.run(async |connection| {
            if !self.prepares {
                return connection.execute_typed(sql, &typed(parameters)).await;
            }
            let statement = connection.prepare_cached(sql).await?;
            connection.execute(&statement, &untyped(parameters)).await
        })
        .await
    }

    /// Runs statements without parameters.
    pub(super) async fn batch(&self, sql: &str) -> Result<(), Fault> {
        self.run(async |connection| connection.batch_execute(sql).await).await
    }

    async fn run<T>(&self, work: impl AsyncFnOnce(&Object) -> Result<T, Error>) -> Result<T, Fault> {
        let object = self.object.as_ref().ok_or(Fault::Bug("a connection was used after its end"))?;
        self.sound.store(false, Ordering::Relaxed);
        let done = tokio::time::timeout(STATEMENT_TIMEOUT, work(object)).await.map_err(|_| Fault::StatementTimeout)?;
        let outcome = done.map_err(Fault::Postgres);
        let sound = outcome.as_ref().err().is_none_or(Fault::is_of_the_statement);
        self.sound.store(sound, Ordering::Relaxed);
        outcome
    }

    /// Takes the connection out of the pool for good.
    pub(super) fn take_out(mut self) -> Result<ClientWrapper, Fault> {
        let object = self.object.take().ok_or(Fault::Bug("a connection was used after its end"))?;
        Ok(Object::take(object))
    }

    /// Gives the connection back, unless the last statement says that it is of no more use.
    pub(super) fn end(mut self) {
        if self.sound.load(Ordering::Relaxed) {
            drop(self.object.take());
        }
    }
}

type Sent<'a> = &'a (dyn ToSql + Sync);

fn untyped<'a>(parameters: Parameters<'a>) -> Vec<Sent<'a>> {
    parameters.iter().map(|value| *value as Sent<'a>).collect()
}

fn typed<'a>(parameters: Parameters<'a>) -> Vec<(Sent<'a>, Type)> {
    parameters.iter().map(|value| (*value as Sent<'a>, value.declared())).collect()
}
