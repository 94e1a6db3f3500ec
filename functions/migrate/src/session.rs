//! What refinery runs its statements on: the transaction that is open, and nothing that is prepared.

use refinery::{AsyncMigrate, Migration};
use refinery_core::traits::r#async::{AsyncQuery, AsyncTransaction};
use tokio_postgres::{Client, Error, Row};

/// A connection with an open transaction. Refinery's own implementation would begin and commit one for each migration,
/// and with the first of them the lock would be gone.
pub(crate) struct Session<'a>(pub(crate) &'a Client);

impl AsyncTransaction for Session<'_> {
    type Error = Error;

    async fn execute<'a, T: Iterator<Item = &'a str> + Send + 'a>(&mut self, queries: T) -> Result<usize, Error> {
        let mut count = 0;
        for query in queries {
            self.0.batch_execute(query).await?;
            count += 1;
        }
        Ok(count)
    }
}

impl AsyncQuery<Vec<Migration>> for Session<'_> {
    async fn query(&mut self, query: &str) -> Result<Vec<Migration>, Error> {
        self.0.query_typed(query, &[]).await?.iter().map(applied).collect()
    }
}

impl AsyncMigrate for Session<'_> {
    fn get_applied_migrations_query(table: &str) -> String {
        format!("select version, name, applied_on::timestamptz, checksum from {table} order by version")
    }
}

/// A checksum that is not a number is that of no migration: refinery refuses it as one that was edited.
fn applied(row: &Row) -> Result<Migration, Error> {
    let checksum: String = row.try_get(3)?;
    let checksum = checksum.parse().unwrap_or_default();
    Ok(Migration::applied(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, checksum))
}
