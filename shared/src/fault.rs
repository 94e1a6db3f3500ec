//! Faults: a store or a remote service fails.

/// A failure of something this code depends on. Handlers pass it on; the edge decides what a client sees of it.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Postgres returned an error, or the connection broke.
    #[error("postgres: {}", describe(.0))]
    Postgres(#[from] tokio_postgres::Error),
    /// No connection to Postgres was available.
    #[error("postgres pool: {0}")]
    Pool(#[from] deadpool_postgres::PoolError),
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
    /// Something happened that the code's own rules exclude.
    #[error("{0}")]
    Bug(&'static str),
}

impl Fault {
    /// Whether a later retry may help: a service is unavailable, and the request is not wrong.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Postgres(error) => error.is_closed() || error.code().is_none_or(is_outage_state),
            Self::Pool(_) | Self::StatementTimeout | Self::Redis(_) | Self::Queue(_) | Self::Stripe(_) => true,
            Self::Unreadable(..) | Self::StripeRefused(_) | Self::Bug(_) => false,
        }
    }
}

/// The error in Postgres' words, without the part that quotes rows.
fn describe(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(said) => format!("{} ({})", said.message(), said.code().code()),
        None => error.to_string(),
    }
}

/// Connection exceptions (08), insufficient resources (53), operator intervention (57), deadlock and serialization
/// failures (40), lock timeouts (55). Source: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn is_outage_state(state: &tokio_postgres::error::SqlState) -> bool {
    ["08", "40", "53", "55", "57"].iter().any(|class| state.code().starts_with(class))
}
