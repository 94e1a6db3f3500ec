//! The connection to Redis: opened at the first command, shared, and replaced when it leads to the wrong server.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{
    Client, Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult, ScriptInvocation, ServerErrorKind,
};

/// A command that takes longer counts as failed: Postgres is asked instead, or the client is told to retry later.
const RESPONSE_TIMEOUT: Duration = Duration::from_millis(500);
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// A lazy connection. Cloning is cheap, and all clones use the same one.
#[derive(Clone)]
pub(super) struct Connection {
    client: Client,
    current: Arc<Mutex<Numbered>>,
}

/// A connection and how many came before it.
#[derive(Clone)]
struct Numbered {
    number: u64,
    connection: ConnectionManager,
}

/// What can be asked in one round trip.
pub(super) enum Question<'a> {
    Command(&'a Cmd),
    /// It fails if one of its commands does.
    Pipeline(&'a Pipeline),
    /// By its hash, and once more with its text if the server does not know it.
    Script(&'a ScriptInvocation<'a>),
    /// A pipeline with scripts in it, in the same two forms.
    Scripts(&'a (dyn Fn(Form) -> Pipeline + Sync)),
}

/// How a pipeline names its scripts.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    /// By their hashes.
    Hash,
    /// By their texts, which the server then knows.
    Text,
}

impl Question<'_> {
    async fn put<T: FromRedisValue>(&self, mut connection: ConnectionManager) -> RedisResult<T> {
        match self {
            Self::Command(command) => command.query_async(&mut connection).await,
            Self::Pipeline(pipeline) => pipeline.query_async(&mut connection).await,
            Self::Script(script) => script.invoke_async(&mut connection).await,
            Self::Scripts(pipeline) => match pipeline(Form::Hash).query_async(&mut connection).await {
                Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                    pipeline(Form::Text).query_async(&mut connection).await
                }
                answer => answer,
            },
        }
    }
}

impl Connection {
    /// A connection that `client` will open. Must be called on a runtime.
    pub(super) fn new(client: Client) -> RedisResult<Self> {
        let first = Numbered { number: 0, connection: open(&client)? };
        Ok(Self { client, current: Arc::new(Mutex::new(first)) })
    }

    /// What opens connections.
    pub(super) fn client(&self) -> Client {
        self.client.clone()
    }

    /// Asks the server, and once more if the connection is closed or leads to a server that takes no writes: the
    /// process may have been frozen for hours. So whatever is asked may run twice, and must recognise itself.
    pub(super) async fn ask<T: FromRedisValue>(&self, question: Question<'_>) -> RedisResult<T> {
        let Numbered { number, connection } = self.current();
        let error = match question.put(connection).await {
            Err(error) => error,
            answer => return answer,
        };
        if error.is_timeout() {
            // The host may be gone without a word. Half a second is spent, so this request does not ask again.
            self.replace(number)?;
            return Err(error);
        }
        if is_of_wrong_server(&error) {
            self.replace(number)?;
        } else if !error.is_connection_dropped() && !error.is_io_error() {
            return Err(error);
        }
        question.put(self.current().connection).await
    }

    fn current(&self) -> Numbered {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the connection, unless somebody else has done it: then the name of the server is resolved anew.
    fn replace(&self, number: u64) -> RedisResult<()> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.number == number {
            *current = Numbered { number: number + 1, connection: open(&self.client)? };
        }
        Ok(())
    }
}

fn open(client: &Client) -> RedisResult<ConnectionManager> {
    let config = ConnectionManagerConfig::new()
        .set_number_of_retries(0)
        .set_response_timeout(Some(RESPONSE_TIMEOUT))
        .set_connection_timeout(Some(CONNECT_TIMEOUT));
    ConnectionManager::new_lazy_with_config(client.clone(), config)
}

/// Whether the server is not, or not yet, the one that takes writes. After a failover the old connection leads to a
/// replica: it answers `READONLY`, and in cluster mode `MOVED`.
fn is_of_wrong_server(error: &RedisError) -> bool {
    use ServerErrorKind::{BusyLoading, ClusterDown, MasterDown, Moved, ReadOnly};
    let kinds = [ReadOnly, Moved, MasterDown, ClusterDown, BusyLoading];
    matches!(error.kind(), ErrorKind::Server(kind) if kinds.contains(&kind))
}
