//! What goes wrong without anyone's intent: a store or a remote party that fails.

/// A failure of something this code depends on. Handlers pass it on; the edge decides what a client sees of it.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Postgres refused or broke off.
    #[error("postgres: {}", describe(.0))]
    Postgres(#[from] tokio_postgres::Error),
    /// No connection to Postgres could be had.
    #[error("postgres pool: {0}")]
    Pool(#[from] deadpool_postgres::PoolError),
    /// A statement took longer than [`crate::db::STATEMENT_TIMEOUT`].
    #[error("postgres: statement timed out")]
    StatementTimeout,
    /// Redis refused or broke off.
    #[error("redis: {0}")]
    Redis(#[from] redis::RedisError),
    /// SQS refused or broke off.
    #[error("sqs: {0}")]
    Queue(String),
    /// Stripe refused, broke off, or answered what it should not.
    #[error("stripe: {0}")]
    Stripe(String),
    /// Something that cannot happen by the code's own rules.
    #[error("{0}")]
    Bug(&'static str),
}

impl Fault {
    /// Whether trying again later may help: the party is away, rather than the request wrong.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Postgres(error) => error.is_closed() || error.code().is_none_or(is_outage_state),
            Self::Pool(_) | Self::StatementTimeout | Self::Redis(_) | Self::Queue(_) | Self::Stripe(_) => true,
            Self::Bug(_) => false,
        }
    }
}

/// What Postgres says, without the part that quotes rows.
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
