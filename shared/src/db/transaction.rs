//! A transaction, for operations that must see what another one has just committed: the first statement waits for the
//! locks, and the second statement has a newer snapshot.

use std::time::Duration;

use super::{Db, FromRow, Lease, Parameters};
use crate::Fault;

/// The pause of a transaction that does nothing but statements: one after the other, at once.
pub(super) const NO_PAUSE: Duration = Duration::from_secs(3);

/// An open transaction. If it is dropped before it is ended, its connection is closed and everything is rolled back.
#[derive(Debug)]
pub(super) struct Transaction(Lease);

impl Transaction {
    /// Begins a transaction on its own connection. It waits 7 s for a lock, and stays without a statement for `pause` at
    /// most: a function that is frozen meanwhile does not keep its locks.
    pub(super) async fn begin(db: &Db, pause: Duration) -> Result<Self, Fault> {
        let lease = db.lease().await?;
        let pause = pause.as_millis();
        let begin = format!(
            "begin; set local lock_timeout = '7s'; set local idle_in_transaction_session_timeout = '{pause}ms'"
        );
        lease.batch(&begin).await?;
        Ok(Self(lease))
    }

    /// Runs a statement that returns at most one row.
    pub(super) async fn first<T: FromRow>(&self, sql: &str, parameters: Parameters<'_>) -> Result<Option<T>, Fault> {
        self.0.query(sql, parameters).await?.first().map(T::from_row).transpose()
    }

    /// Runs a statement and returns how many rows it changed.
    pub(super) async fn execute(&self, sql: &str, parameters: Parameters<'_>) -> Result<u64, Fault> {
        self.0.execute(sql, parameters).await
    }

    /// Commits.
    pub(super) async fn commit(self) -> Result<(), Fault> {
        self.end("commit").await
    }

    /// Rolls back and keeps the connection.
    pub(super) async fn rollback(self) -> Result<(), Fault> {
        self.end("rollback").await
    }

    async fn end(self, how: &str) -> Result<(), Fault> {
        self.0.batch(how).await?;
        self.0.end();
        Ok(())
    }
}
