//! Postgres. One module per table, one statement per function, each scoped by its owner. No other module has SQL.
//!
//! Rows are read by their columns' names into structs ([`row`]). Operations that need two snapshots use a
//! [`transaction`].

pub mod allowances;
pub mod attempts;
pub mod chatrooms;
pub mod customers;
pub mod messages;
pub mod replies;
mod row;
pub mod sessions;
pub mod stats;
pub mod stripe_events;
mod transaction;
pub mod users;

use std::ops::DerefMut;
use std::str::FromStr;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime, Timeouts};
use tokio_postgres::config::SslMode;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Config, Row};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::config::{ConfigError, Env};
use crate::{Fault, tls};

use row::FromRow;
pub use row::Page;

/// How long a statement may take: longer than any should need, shorter than a client waits.
pub const STATEMENT_TIMEOUT: Duration = Duration::from_secs(8);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// A Lambda serves one request at a time; the worker's ten replies hold a connection only while they speak to Postgres.
const POOL_SIZE: usize = 4;

type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A lazy pool of connections. None is opened before the first statement; cloning is cheap.
#[derive(Debug, Clone)]
pub struct Db(Pool);

impl Db {
    /// Reads `DATABASE_URL`. Its `sslmode` is libpq's: `disable`, `prefer`, `require` (encrypts, accepts any
    /// certificate), `verify-full` (checks certificate and name; see [`tls::roots`]).
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let url = env.required("DATABASE_URL")?;
        let (url, verify) = match url.replace("sslmode=verify-full", "sslmode=require") {
            required if required != url => (required, true),
            _ => (url, false),
        };
        let mut config = Config::from_str(&url).map_err(|_| ConfigError::new("DATABASE_URL", "is not a valid URL"))?;
        config
            .application_name("chat-backend")
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_user_timeout(STATEMENT_TIMEOUT)
            .keepalives_idle(Duration::from_secs(30));
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match (config.get_ssl_mode(), verify) {
            (SslMode::Disable | SslMode::Prefer, _) => Manager::from_config(config, tokio_postgres::NoTls, recycling),
            (_, verified) => {
                let roots = verified.then(|| tls::roots(env)).transpose()?;
                let tls =
                    tls::of_postgres(roots).map_err(|error| ConfigError::new("DATABASE_URL", error.to_string()))?;
                Manager::from_config(config, MakeRustlsConnect::new(tls), recycling)
            }
        };
        let timeouts =
            Timeouts { wait: Some(CONNECT_TIMEOUT), create: Some(CONNECT_TIMEOUT), recycle: Some(CONNECT_TIMEOUT) };
        let pool = Pool::builder(manager)
            .max_size(POOL_SIZE)
            .timeouts(timeouts)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| ConfigError::new("DATABASE_URL", error.to_string()))?;
        Ok(Self(pool))
    }

    /// Checks that Postgres answers.
    pub async fn ping(&self) -> Result<(), Fault> {
        self.execute("select 1", &[]).await.map(drop)
    }

    /// A connection that never returns to the pool and is closed when dropped, whatever state it is in: for migrations.
    pub async fn dedicated(&self) -> Result<impl DerefMut<Target = tokio_postgres::Client> + Send + Sync, Fault> {
        Ok(Object::take(self.connection().await?))
    }

    /// A connection of the pool, for operations of more than one statement.
    async fn connection(&self) -> Result<Object, Fault> {
        Ok(self.0.get().await?)
    }

    async fn rows(&self, sql: &str, parameters: Parameters<'_>) -> Result<Vec<Row>, Fault> {
        self.within(async |connection| {
            let statement = connection.prepare_cached(sql).await?;
            connection.query(&statement, parameters).await
        })
        .await
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
        self.within(async |connection| {
            let statement = connection.prepare_cached(sql).await?;
            connection.execute(&statement, parameters).await
        })
        .await
    }

    /// Runs `work` on a connection of the pool. A connection that timed out is busy with its statement and leaves the pool.
    async fn within<T>(&self, work: impl AsyncFnOnce(&Object) -> Result<T, tokio_postgres::Error>) -> Result<T, Fault> {
        let connection = self.0.get().await?;
        let outcome = tokio::time::timeout(STATEMENT_TIMEOUT, work(&connection)).await;
        if let Ok(done) = outcome {
            return Ok(done?);
        }
        drop(Object::take(connection));
        Err(Fault::StatementTimeout)
    }
}

/// Whether `error` is a violation of the unique constraint or index `name`.
fn violates(error: &Fault, name: &str) -> bool {
    let Fault::Postgres(error) = error else { return false };
    error.as_db_error().is_some_and(|error| error.constraint() == Some(name))
}
