//! The migrations: embedded, forward only, applied one at a time by one process at a time.

use std::error::Error;

use refinery::error::Kind;
use refinery::{Runner, Target};
use shared::Fault;
use shared::db::Db;
use tokio_postgres::Client;

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
    /// The lock could not be had.
    #[error("the lock of the migrations was not granted ({})", code(.0))]
    Lock(#[source] tokio_postgres::Error),
    /// A migration was refused, or what was applied once is not what is embedded here.
    #[error("{}", step(.0))]
    Refused(#[from] refinery::Error),
    /// It took too long.
    #[error("the migration did not end in time")]
    Late,
}

impl Failure {
    /// The cause, for the log.
    pub(crate) fn cause(&self) -> String {
        let causes = std::iter::successors(self.source(), |error| (*error).source());
        causes
            .map(|error| error.downcast_ref().map_or_else(|| error.to_string(), message))
            .collect::<Vec<_>>()
            .join(": ")
    }
}

/// What Postgres says without its DETAIL, which quotes rows.
fn message(error: &tokio_postgres::error::DbError) -> String {
    format!("{} {}", error.code().code(), error.message())
}

/// What refinery was about to do, and Postgres' code for why it could not.
fn step(error: &refinery::Error) -> String {
    match error.kind() {
        Kind::Connection(step, cause) => format!("{step} ({})", code(&**cause)),
        _ => error.to_string(),
    }
}

fn code(error: &(dyn Error + 'static)) -> String {
    let mut causes = std::iter::successors(Some(error), |error| (*error).source());
    let found = causes.find_map(|error| error.downcast_ref::<tokio_postgres::Error>()?.code());
    found.map_or_else(|| "the connection broke off".into(), |code| format!("SQLSTATE {}", code.code()))
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
        client.batch_execute(sql).await.map_err(Failure::Lock)?;
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
