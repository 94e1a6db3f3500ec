//! Postgres. One module a table, one statement a function, each scoped by its owner; nobody else writes SQL.

pub mod allowances;
pub mod chatrooms;
pub mod customers;
pub mod messages;
pub mod replies;
pub mod sessions;
pub mod stats;
pub mod stripe_events;
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

/// How long a statement may take. Longer than any should, shorter than a client waits.
pub const STATEMENT_TIMEOUT: Duration = Duration::from_secs(8);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// A Lambda serves one request at a time; the worker's ten replies hold a connection only while they speak to Postgres.
const POOL_SIZE: usize = 4;

type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A lazy pool of connections. Nothing is opened before the first statement; cloning is cheap.
#[derive(Debug, Clone)]
pub struct Db(Pool);

impl Db {
    /// Of `DATABASE_URL`. Its `sslmode` is libpq's: `disable`, `prefer`, `require` (encrypts, takes any certificate),
    /// `verify-full` (checks certificate and name; see [`tls::roots`]).
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

    /// Whether Postgres answers.
    pub async fn ping(&self) -> Result<(), Fault> {
        self.execute("select 1", &[]).await.map(drop)
    }

    /// A connection that never returns to the pool and is closed when dropped, whatever state it is in: for migrations.
    pub async fn dedicated(&self) -> Result<impl DerefMut<Target = tokio_postgres::Client> + Send + Sync, Fault> {
        Ok(Object::take(self.connection().await?))
    }

    /// A connection of one's own, for what takes more than one statement.
    pub(crate) async fn connection(&self) -> Result<Object, Fault> {
        Ok(self.0.get().await?)
    }

    async fn rows(&self, sql: &str, parameters: Parameters<'_>) -> Result<Vec<Row>, Fault> {
        self.within(async |connection| {
            let statement = connection.prepare_cached(sql).await?;
            connection.query(&statement, parameters).await
        })
        .await
    }

    async fn row(&self, sql: &str, parameters: Parameters<'_>) -> Result<Option<Row>, Fault> {
        Ok(self.rows(sql, parameters).await?.into_iter().next())
    }

    async fn only(&self, sql: &str, parameters: Parameters<'_>) -> Result<Row, Fault> {
        self.row(sql, parameters).await?.ok_or(Fault::Bug("a statement that always answers a row answered none"))
    }

    async fn execute(&self, sql: &str, parameters: Parameters<'_>) -> Result<u64, Fault> {
        self.within(async |connection| {
            let statement = connection.prepare_cached(sql).await?;
            connection.execute(&statement, parameters).await
        })
        .await
    }

    /// Runs `work` on a pooled connection. One that timed out is busy with the old statement and leaves the pool.
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

/// Whether `error` is the violation of the unique constraint or index `name`.
fn violates(error: &Fault, name: &str) -> bool {
    let Fault::Postgres(error) = error else { return false };
    error.as_db_error().is_some_and(|error| error.constraint() == Some(name))
}

/// The rows of a page and whether another follows: statements ask for one row more than the page holds.
pub(crate) fn page<T>(mut rows: Vec<T>, limit: i64) -> (Vec<T>, bool) {
    let limit = usize::try_from(limit).unwrap_or_default();
    let more = rows.len() > limit;
    rows.truncate(limit);
    (rows, more)
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn the_extra_row_tells_of_another_page_and_is_not_shown() {
        assert_eq!(page(vec![1, 2, 3], 2), (vec![1, 2], true));
        assert_eq!(page(vec![1, 2], 2), (vec![1, 2], false));
    }
}
