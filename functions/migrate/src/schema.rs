//! The migrations: embedded, forward only, applied one at a time by one process at a time.

use std::error::Error;

use refinery::error::Kind;
use refinery::{Runner, Target};
use shared::Fault;
use shared::db::Db;
use tokio_postgres::Client;

#[expect(unreachable_pub, reason = "written by the macro")]
mod embedded {
    refinery::embed_migrations!("../../shared/migrations");
}

/// Whoever holds this lock migrates; the others wait.
const LOCK: &str = "select pg_advisory_lock(74656)";
/// A migration that waits for a table holds up everyone who comes after it: it gives up instead.
const LOCK_TIMEOUT: &str = "set lock_timeout = '10s'";

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Every version that the database has.
    pub all: Vec<i32>,
    /// Those that it got just now.
    pub now: Vec<i32>,
}

/// Why it was not done. The text is for CloudFormation and shows nothing of the data or the settings.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The template asks for something that is not a number.
    #[error("SchemaVersion is not a number")]
    NotAVersion,
    /// The template is newer than the function.
    #[error("version {0} is asked for and the newest migration is {1}")]
    NoSuchVersion(i32, i32),
    /// No connection.
    #[error("the database cannot be reached")]
    Unreachable(#[source] Fault),
    /// A statement was refused.
    #[error("{0} ({code})", code = code(.1))]
    Refused(String, #[source] Box<dyn Error + Send + Sync>),
    /// What was applied once is not what is embedded here.
    #[error("{0}")]
    History(String),
    /// It took too long.
    #[error("the migration did not end in time")]
    Late,
}

impl Failure {
    /// The cause, for the log.
    pub(crate) fn cause(&self) -> String {
        let mut texts = Vec::new();
        let mut cause = self.source();
        while let Some(error) = cause {
            texts.push(error.downcast_ref().map_or_else(|| error.to_string(), message));
            cause = error.source();
        }
        texts.join(": ")
    }
}

/// What Postgres says without its DETAIL, which quotes rows.
fn message(error: &tokio_postgres::error::DbError) -> String {
    format!("{} {}", error.code().code(), error.message())
}

fn code(error: &(dyn Error + Send + Sync + 'static)) -> String {
    let code = error.downcast_ref::<tokio_postgres::Error>().and_then(tokio_postgres::Error::code);
    code.map_or_else(|| "the connection broke off".into(), |code| format!("SQLSTATE {}", code.code()))
}

impl From<refinery::Error> for Failure {
    fn from(error: refinery::Error) -> Self {
        let text = error.to_string();
        match into_kind(error) {
            Some((step, cause)) => Self::Refused(step, cause),
            None => Self::History(text),
        }
    }
}

/// Brings the database to `version`, or to the newest there is. A database that is further on was migrated by a newer
/// function, of which this deployment is a rollback: it stays as it is.
pub async fn apply(db: &Db, version: Option<&str>) -> Result<Applied, Failure> {
    let runner = embedded::migrations::runner();
    let newest = runner.get_migrations().iter().map(refinery::Migration::version).max().unwrap_or_default();
    let version = version.map_or(Ok(newest), str::parse).map_err(|_| Failure::NotAVersion)?;
    if version > newest {
        return Err(Failure::NoSuchVersion(version, newest));
    }
    // Never from the pool: the lock is the connection's, and ends with it whatever happens here.
    let mut client = db.dedicated().await.map_err(Failure::Unreachable)?;
    for sql in [LOCK, LOCK_TIMEOUT] {
        client.batch_execute(sql).await.map_err(|error| Failure::Refused("error taking the lock".into(), error.into()))?;
    }
    let runner = runner.set_target(Target::Version(version));
    let now = run(&runner, &mut client, newest).await?;
    let all = runner.get_applied_migrations_async(&mut *client).await?;
    Ok(Applied { all: all.iter().map(refinery::Migration::version).collect(), now })
}

/// Applies what is missing and answers its versions.
async fn run(runner: &Runner, client: &mut Client, newest: i32) -> Result<Vec<i32>, Failure> {
    match runner.run_async(client).await {
        Ok(report) => Ok(report.applied_migrations().iter().map(refinery::Migration::version).collect()),
        Err(error) => match error.kind() {
            Kind::MissingVersion(migration) if migration.version() > newest => Ok(Vec::new()),
            _ => Err(error.into()),
        },
    }
}
