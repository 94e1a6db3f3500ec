//! A transaction, for operations that must see what another one has just committed: the first statement waits for the
//! locks, and the second statement has a newer snapshot.

use super::{Db, FromRow, Lease, Parameters};
use crate::Fault;

/// Bounds the wait for a lock, and the time that a transaction may stay without a statement. The latter is longer than
/// the calls to Stripe in between; it exists so that a function that is frozen meanwhile does not keep its locks for
/// ever.
const BEGIN: &str = "begin; set local lock_timeout = '7s'; set local idle_in_transaction_session_timeout = '45s'";

/// An open transaction. If it is dropped before it is ended, its connection is closed and everything is rolled back.
#[derive(Debug)]
pub(super) struct Transaction(Lease);

impl Transaction {
    /// Begins a transaction on its own connection.
    pub(super) async fn begin(db: &Db) -> Result<Self, Fault> {
        let lease = db.lease().await?;
        lease.batch(BEGIN).await?;
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
