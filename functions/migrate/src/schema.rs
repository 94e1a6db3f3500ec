//! The migrations: embedded, forward only, applied one at a time by one process at a time.

use std::error::Error;

use refinery::error::Kind;
use refinery::{Runner, Target};
use shared::Fault;
use shared::db::Db;
use shared::db::runtime_role::{Admitted, RuntimeRole};

use crate::session::Session;

mod embedded {
    refinery::embed_migrations!("../../shared/migrations");
}

/// The process that holds this lock migrates; the others wait. A migration that waits for a table blocks everyone behind
/// it, so it fails after ten seconds instead. Both end with the transaction: nothing stays on a connection that a pooler
/// may give to somebody else.
const BEGIN: &str = "begin; select pg_advisory_xact_lock(74656); set local lock_timeout = '10s'";

/// The migrations that are applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Every version that the database has.
    pub all: Vec<i32>,
    /// The versions that were applied now.
    pub now: Vec<i32>,
    /// The role of the functions, if it is not the one that migrates.
    pub role: Option<Admitted>,
}

/// Why migrating failed. The text is for CloudFormation and shows no data and no settings.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Settings are missing, or not fit for the stage. Their values are not shown.
    #[error("{0}")]
    Settings(String),
    /// The template asks for something that is not a number.
    #[error("SchemaVersion is not a number")]
    NotAVersion,
    /// The template is newer than the function.
    #[error("the template asks for version {0}, but the newest migration is {1}")]
    NoSuchVersion(i32, i32),
    /// No connection.
    #[error("the database cannot be reached{}", reason(.0))]
    Unreachable(#[source] Fault),
    /// The lock was not granted.
    #[error("the lock of the migrations was not granted ({})", code(.0))]
    Lock(#[source] tokio_postgres::Error),
    /// The end of the transaction failed.
    #[error("the migration was not committed ({})", code(.0))]
    Commit(#[source] tokio_postgres::Error),
    /// A migration failed, or an applied migration differs from the embedded one.
    #[error("{}", step(.0))]
    Refused(#[from] refinery::Error),
    /// The role of the functions could not be made, or did not get its rights.
    #[error("the role of DATABASE_URL was not made ready{}: does the role of MIGRATION_DATABASE_URL own the tables and have CREATEROLE?", state(.0))]
    Role(#[source] Fault),
    /// Some tables belong to somebody else.
    #[error(
        "the role of DATABASE_URL may not use {0}: the role of MIGRATION_DATABASE_URL does not own them and cannot grant it"
    )]
    Rights(String),
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

/// What to do, if the connection is shared and the URL does not say so.
fn reason(fault: &Fault) -> String {
    fault.refused_connection().map_or_else(String::new, |reason| format!(": {reason}"))
}

/// Postgres' error code, if it answered.
fn state(fault: &Fault) -> String {
    match fault {
        Fault::Postgres(error) => format!(" ({})", code(error)),
        _ => String::new(),
    }
}

/// The error of Postgres without its DETAIL, which quotes rows.
fn message(error: &tokio_postgres::error::DbError) -> String {
    format!("{} {}", error.code().code(), error.message())
}

/// The step at which refinery failed, with Postgres' error code.
fn step(error: &refinery::Error) -> String {
    match error.kind() {
        Kind::Connection(step, cause) => format!("{step} ({})", code(&**cause)),
        _ => error.to_string(),
    }
}

fn code(error: &(dyn Error + 'static)) -> String {
    let mut causes = std::iter::successors(Some(error), |error| (*error).source());
    let found = causes.find_map(|error| error.downcast_ref::<tokio_postgres::Error>()?.code());
    found.map_or_else(|| "the connection broke".into(), |code| format!("SQLSTATE {}", code.code()))
}

/// Migrates the database to `version`, or to the newest version, and gives `role` its rights. A database that is newer than this function was
/// migrated by a later deployment, and this one is a rollback: the database is unchanged.
pub async fn apply(db: &Db, role: Option<&RuntimeRole>, version: Option<&str>) -> Result<Applied, Failure> {
    let runner = embedded::migrations::runner();
    let newest = runner.get_migrations().iter().map(refinery::Migration::version).max().unwrap_or_default();
    let version = version.map_or(Ok(newest), str::parse).map_err(|_| Failure::NotAVersion)?;
    if version > newest {
        return Err(Failure::NoSuchVersion(version, newest));
    }
    // One transaction on a dedicated connection: if this is given up, the connection is closed and nothing has changed.
    let client = db.dedicated().await.map_err(Failure::Unreachable)?;
    let role = match role {
        Some(role) => Some((role, role.sign_in().await)),
        None => None,
    };
    client.batch_execute(BEGIN).await.map_err(Failure::Lock)?;
    let mut session = Session(&client);
    let runner = runner.set_target(Target::Version(version));
    let now = run(&runner, &mut session, newest).await?;
    let all = runner.get_applied_migrations_async(&mut session).await?;
    let role = match role {
        Some((role, signed_in)) => Some(role.admit(&client, signed_in).await.map_err(Failure::Role)?),
        None => None,
    };
    if let Some(tables) = role.as_ref().and_then(|role| role.lacks.clone()) {
        return Err(Failure::Rights(tables));
    }
    client.batch_execute("commit").await.map_err(Failure::Commit)?;
    Ok(Applied { all: all.iter().map(refinery::Migration::version).collect(), now, role })
}

/// Applies the missing migrations and returns their versions.
async fn run(runner: &Runner, session: &mut Session<'_>, newest: i32) -> Result<Vec<i32>, Failure> {
    match runner.run_async(session).await {
        Ok(report) => Ok(report.applied_migrations().iter().map(refinery::Migration::version).collect()),
        Err(error) => match error.kind() {
            Kind::MissingVersion(migration) if migration.version() > newest => Ok(Vec::new()),
            _ => Err(error.into()),
        },
    }
}
