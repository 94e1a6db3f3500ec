//! A transaction, for operations that must see what another one has just committed: the first statement waits for the
//! locks, and the second statement has a newer snapshot.

use deadpool_postgres::Object;

use super::{Db, FromRow, Parameters, STATEMENT_TIMEOUT};
use crate::Fault;

/// Bounds the wait for a lock, and the time that a transaction may stay without a statement. The latter is longer than
/// the calls to Stripe in between; it exists so that a function that is frozen meanwhile does not keep its locks for
/// ever.
const BEGIN: &str = "begin; set local lock_timeout = '7s'; set local idle_in_transaction_session_timeout = '45s'";

/// An open transaction. If it is dropped before it is ended, its connection is closed and everything is rolled back.
#[derive(Debug)]
pub(super) struct Transaction(Option<Object>);

impl Drop for Transaction {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(Object::take(connection));
        }
    }
}

impl Transaction {
    /// Begins a transaction on its own connection.
    pub(super) async fn begin(db: &Db) -> Result<Self, Fault> {
        let transaction = Self(Some(db.connection().await?));
        transaction.run(async |connection| connection.batch_execute(BEGIN).await).await?;
        Ok(transaction)
    }

    async fn run<T>(&self, work: impl AsyncFnOnce(&Object) -> Result<T, tokio_postgres::Error>) -> Result<T, Fault> {
        let connection = self.0.as_ref().ok_or(Fault::Bug("a transaction that has ended was used"))?;
        match tokio::time::timeout(STATEMENT_TIMEOUT, work(connection)).await {
            Ok(done) => Ok(done?),
            Err(_) => Err(Fault::StatementTimeout),
        }
    }

    /// Runs a statement that returns at most one row.
    pub(super) async fn first<T: FromRow>(&self, sql: &str, parameters: Parameters<'_>) -> Result<Option<T>, Fault> {
        let row = self.run(async |connection| {
            let statement = connection.prepare_cached(sql).await?;
            connection.query_opt(&statement, parameters).await
        });
        row.await?.as_ref().map(T::from_row).transpose()
    }

    /// Runs a statement and returns how many rows it changed.
    pub(super) async fn execute(&self, sql: &str, parameters: Parameters<'_>) -> Result<u64, Fault> {
        self.run(async |connection| {
            let statement = connection.prepare_cached(sql).await?;
            connection.execute(&statement, parameters).await
        })
        .await
    }

    /// Commits.
    pub(super) async fn commit(self) -> Result<(), Fault> {
        self.end("commit").await
    }

    /// Rolls back and keeps the connection.
    pub(super) async fn rollback(self) -> Result<(), Fault> {
        self.end("rollback").await
    }

    async fn end(mut self, how: &str) -> Result<(), Fault> {
        self.run(async |connection| connection.batch_execute(how).await).await?;
        drop(self.0.take());
        Ok(())
    }
}
