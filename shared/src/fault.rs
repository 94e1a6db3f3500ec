//! Faults: a store or a remote service fails.

use deadpool_postgres::{HookError, PoolError};
use tokio_postgres::error::SqlState;

/// A failure of something this code depends on. Handlers pass it on; the edge decides what a client sees of it.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Postgres returned an error, or the connection broke.
    #[error("postgres: {}", describe(.0))]
    Postgres(#[from] tokio_postgres::Error),
    /// No connection to Postgres was available.
    #[error("postgres pool: {}", describe_pool(.0))]
    Pool(#[from] PoolError),
    /// A statement took longer than [`crate::db::STATEMENT_TIMEOUT`].
    #[error("postgres: statement timed out")]
    StatementTimeout,
    /// A stored value does not fit its column's type. Holds the column and the reason, never the value.
    #[error("postgres: column {0} cannot be read: {1}")]
    Unreadable(String, String),
    /// Redis returned an error, or the connection broke.
    #[error("redis: {0}")]
    Redis(#[from] redis::RedisError),
    /// SQS returned an error, or the connection broke.
    #[error("sqs: {0}")]
    Queue(String),
    /// Stripe did not answer, is busy or is broken.
    #[error("stripe: {0}")]
    Stripe(String),
    /// Stripe refused, and will again; or its answer is not what this code is written for. Says what must change.
    #[error("stripe: {0}")]
    StripeRefused(String),
    /// The provider that tells people from machines did not answer, or its answer says nothing.
    #[error("guard of codes: {0}")]
    Guard(String),
    /// Something happened that the code's own rules exclude.
    #[error("{0}")]
    Bug(&'static str),
}

impl Fault {
    /// Whether a later retry may help: a service is unavailable, and the request is not wrong.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Postgres(error) => error.is_closed() || error.code().is_none_or(is_outage_state),
            Self::Pool(_)
            | Self::StatementTimeout
            | Self::Redis(_)
            | Self::Queue(_)
            | Self::Stripe(_)
            | Self::Guard(_) => true,
            Self::Unreadable(..) | Self::StripeRefused(_) | Self::Bug(_) => false,
        }
    }

    /// Why a new connection was not used, for whoever deploys: a pooler shares it and the URL does not say so, say.
    pub fn refused_connection(&self) -> Option<&str> {
        match self {
            Self::Pool(PoolError::PostCreateHook(HookError::Message(reason))) => Some(reason),
            _ => None,
        }
    }

    /// Whether Postgres or PgBouncer did not let somebody sign in: SQLSTATE's class 28, and some of PgBouncer's 08P01, which
    /// also says that it has no connection left.
    pub(crate) fn is_refused_login(&self) -> bool {
        let Self::Pool(PoolError::Backend(error)) = self else { return false };
        let Some(said) = error.as_db_error() else { return false };
        let of_pgbouncer = ["authentication failed", "no such user"];
        said.code().code().starts_with("28")
            || *said.code() == SqlState::PROTOCOL_VIOLATION
                && of_pgbouncer.iter().any(|text| said.message().contains(text))
    }

    /// Whether Postgres knows who signs in, but does not let them use this database.
    pub(crate) fn is_without_rights(&self) -> bool {
        let Self::Pool(PoolError::Backend(error)) = self else { return false };
        error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE)
    }

    /// Whether the server refused this statement alone, and its connection is good for the next one.
    pub(crate) fn is_of_the_statement(&self) -> bool {
        let Self::Postgres(error) = self else { return false };
        error.code().is_some_and(|state| !is_of(state, &OF_THE_CONNECTION) && is_of(state, &OF_THE_STATEMENT))
    }
}

/// Errors of a statement, as beginnings of SQLSTATEs: cardinality (21), data (22), constraints (23), deadlock and
/// serialization (40), what is written (42), locks (55), cancelled (57014), raised (P0).
/// Source: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
const OF_THE_STATEMENT: [&str; 8] = ["21", "22", "23", "40", "42", "55", "57014", "P0"];

/// Errors that say that this connection leads to the wrong server or is in a state that it should not have: a server
/// that only reads (25006), a prepared statement that is not there (26), is somebody else's (42P05) or does not fit the
/// schema any more (0A000), a transaction that was ended (25P03).
const OF_THE_CONNECTION: [&str; 5] = ["25006", "25P03", "26", "42P05", "0A000"];

/// Outages: connection exceptions (08), insufficient resources (53), operator intervention (57), deadlock and
/// serialization failures (40), lock timeouts (55).
const OUTAGES: [&str; 5] = ["08", "40", "53", "55", "57"];

fn is_of(state: &SqlState, beginnings: &[&str]) -> bool {
    beginnings.iter().any(|beginning| state.code().starts_with(beginning))
}

/// The error in Postgres' words, without the part that quotes rows.
fn describe(error: &tokio_postgres::Error) -> String {
    let Some(said) = error.as_db_error() else {
        let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
        return format!("{error}{cause}");
    };
    let (message, code) = (said.message(), said.code().code());
    // Postgres says so when none of its rules fits, up to version 13 in the second form.
    if ["no encryption", "SSL off"].iter().any(|end| message.ends_with(end)) {
        return format!("{message} ({code}); if the server demands TLS, the URL needs sslmode=require or verify-full");
    }
    format!("{message} ({code})")
}

fn describe_pool(error: &PoolError) -> String {
    match error {
        PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => describe(error),
        PoolError::PostCreateHook(HookError::Message(reason)) => reason.to_string(),
        error => error.to_string(),
    }
}

fn is_outage_state(state: &SqlState) -> bool {
    is_of(state, &OUTAGES) || is_of(state, &OF_THE_CONNECTION)
}
