//! Postgres. One module per table, one statement per function, each scoped by its owner. No other module has SQL.
//!
//! Rows are read by their columns' names into structs ([`row`]). Operations that need two snapshots use a
//! [`transaction`].

mod ahead;
pub mod allowances;
pub mod attempts;
pub mod chatrooms;
mod connect;
pub mod customers;
mod lease;
pub mod messages;
pub mod past_usage;
mod pooler;
pub mod refresh_tokens;
pub mod replies;
mod row;
pub mod runtime_role;
pub mod sessions;
pub mod stats;
pub mod stripe_events;
mod transaction;
pub mod users;

use std::ops::DerefMut;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{HookError, Pool, PoolError};
use tokio_postgres::Row;

use crate::Fault;
use crate::config::{ConfigError, Env};
use crate::domain::sql::Value;

use ahead::Ahead;
use lease::Lease;
use row::FromRow;
pub use row::Page;

/// How long a statement may take: longer than any should need, shorter than a client waits.
pub const STATEMENT_TIMEOUT: Duration = Duration::from_secs(8);

/// The plan that a user has at a time, in SQL: `pro` while their `pro_until` lies ahead.
macro_rules! tier {
    ($pro_until:literal at $time:literal) => {
        concat!("case when coalesce(", $pro_until, " > ", $time, ", false) then 'pro' else 'basic' end")
    };
}
use tier;

type Parameters<'a> = &'a [&'a dyn Value];

/// A lazy pool of connections. None is opened before the first statement; cloning is cheap.
#[derive(Debug, Clone)]
pub struct Db {
    pool: Pool,
    ahead: Arc<Ahead>,
    /// Where its URL is.
    setting: &'static str,
    /// Whether a pooler shares the connections among clients.
    shared: bool,
}

impl Db {
    /// Reads `DATABASE_URL`; [`connect`] has its parameters.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        connect::pool(env, "DATABASE_URL")
    }

    /// Reads `MIGRATION_DATABASE_URL`, or `DATABASE_URL` if it is not set.
    pub fn for_migrations(env: &Env) -> Result<Self, ConfigError> {
        let own = env.optional("MIGRATION_DATABASE_URL").is_some();
        connect::pool(env, if own { "MIGRATION_DATABASE_URL" } else { "DATABASE_URL" })
    }

    /// Closes the connections that nobody uses. The next statement opens a new one.
    pub fn rest(&self) {
        self.ahead.abort();
        self.pool.retain(|_, _| false);
    }

    /// Checks that Postgres answers.
    pub async fn ping(&self) -> Result<(), Fault> {
        self.execute("select 1", &[]).await.map(drop)
    }

    /// A connection that never returns to the pool and is closed when dropped, whatever state it is in: for migrations.
    pub async fn dedicated(&self) -> Result<impl DerefMut<Target = tokio_postgres::Client> + Send + Sync, Fault> {
        self.lease().await?.take_out()
    }

    /// Begins to open a connection for the statement to come, in the background and once in the life of a process: later
    /// there is one, or Redis answers as soon.
    pub fn open_ahead(&self) {
        self.ahead.begin(&self.pool);
    }

    /// A connection of the pool, for statements.
    async fn lease(&self) -> Result<Lease, Fault> {
        let connection = async {
            let opened_ahead = self.ahead.end().await?;
            Ok((self.pool.get().await?, opened_ahead))
        };
        match connection.await {
            Ok((object, opened_ahead)) => Ok(Lease::of(object, self.shared, opened_ahead)),
            Err(error) if pooler::refuses_options(&error) => {
                Err(PoolError::PostCreateHook(HookError::message(pooler::advice(self.setting))).into())
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn rows(&self, sql: &str, parameters: Parameters<'_>) -> Result<Vec<Row>, Fault> {
        let lease = self.lease().await?;
        let rows = lease.query(sql, parameters).await;
        lease.end();
        rows
    }

    /// Runs a statement and reads all of its rows.
    async fn all<T: FromRow>(&self, sql: &str, parameters: Parameters<'_>) -> Result<Vec<T>, Fault> {
        self.rows(sql, parameters).await?.iter().map(T::from_row).collect()
    }

    /// Runs a statement and reads its first row, if it has one.
    async fn first<T: FromRow>(&self, sql: &str, parameters: Parameters<'_>) -> Result<Option<T>, Fault> {
        self.rows(sql, parameters).await?.first().map(T::from_row).transpose()
    }

    /// Runs a statement that always returns a row.
    async fn only<T: FromRow>(&self, sql: &str, parameters: Parameters<'_>) -> Result<T, Fault> {
        let row = self.first(sql, parameters).await?;
        row.ok_or(Fault::Bug("a statement that always returns a row returned none"))
    }

    /// Whether a statement returns a row.
    async fn any(&self, sql: &str, parameters: Parameters<'_>) -> Result<bool, Fault> {
        Ok(!self.rows(sql, parameters).await?.is_empty())
    }

    /// Runs a statement and returns how many rows it changed.
    async fn execute(&self, sql: &str, parameters: Parameters<'_>) -> Result<u64, Fault> {
        let lease = self.lease().await?;
        let changed = lease.execute(sql, parameters).await;
        lease.end();
        changed
    }
}

/// Whether `error` is a violation of the unique constraint or index `name`.
fn violates(error: &Fault, name: &str) -> bool {
    let Fault::Postgres(error) = error else { return false };
    error.as_db_error().is_some_and(|error| error.constraint() == Some(name))
}
