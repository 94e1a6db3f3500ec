//! Redis holds what may be lost. Without it, the chatroom list and session checks are slower; codes and limits need it.

mod challenges;
mod limits;
mod replies;
mod rooms;
mod scripts;
mod sessions;
mod signups;

use std::time::Duration;

use redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use redis::{
    Client, Cmd, ConnectionAddr, FromRedisValue, IntoConnectionInfo, Pipeline, RedisError, TlsCertificates, Value,
};

pub use challenges::{Challenge, OpenChallenge, Opened, Purpose, Verdict};
pub use limits::{OtpLimit, OtpLimits, OtpRefusal, RateLimit};
pub use rooms::CachedRooms;
pub use sessions::Mark;

use crate::config::{ConfigError, Env};
use crate::{Fault, tls};

/// A command that takes longer counts as failed: Postgres is asked instead, or the client is told to retry later.
const RESPONSE_TIMEOUT: Duration = Duration::from_millis(500);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// A lazy connection to Redis. It is not opened before the first command; cloning is cheap.
#[derive(Clone)]
pub struct Cache {
    connection: ConnectionManager,
    prefix: String,
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Cache {
    /// Reads `REDIS_URL` (`rediss://` for TLS, with the CA of `TLS_CA_FILE` beside webpki's). Keys begin with
    /// `REDIS_PREFIX`, so that stacks can share a server. Must be called on a runtime.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let refused = |error: RedisError| ConfigError::new("REDIS_URL", error.to_string());
        let info = env.required("REDIS_URL")?.into_connection_info().map_err(refused)?;
        // Sending the client's name would cost every new connection a round trip.
        let settings = info.redis_settings().clone().set_skip_set_lib_name();
        let info = info.set_redis_settings(settings);
        let client = match tls::private_ca(env)? {
            Some(root_cert) if matches!(info.addr(), ConnectionAddr::TcpTls { .. }) => {
                Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert: Some(root_cert) })
            }
            _ => Client::open(info),
        }
        .map_err(refused)?;
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_response_timeout(Some(RESPONSE_TIMEOUT))
            .set_connection_timeout(Some(CONNECT_TIMEOUT));
        let connection = ConnectionManager::new_lazy_with_config(client, config).map_err(refused)?;
        Ok(Self { connection, prefix: env.optional("REDIS_PREFIX").unwrap_or_default() })
    }

    /// Whether Redis answers.
    pub async fn ping(&self) -> Result<(), Fault> {
        self.run::<Value>(redis::cmd("PING")).await.map(drop)
    }

    fn key(&self, kind: &str, of: impl std::fmt::Display) -> String {
        format!("{}{kind}:{of}", self.prefix)
    }

    /// Runs a command, and retries it once if the connection is closed: the server may close it while the process is
    /// frozen. So a command that is not idempotent may run twice, which each caller must tolerate.
    async fn run<T: FromRedisValue>(&self, command: Cmd) -> Result<T, Fault> {
        let mut connection = self.connection.clone();
        let answer = match connection.req_packed_command(&command).await {
            Err(error) if is_stale(&error) => connection.req_packed_command(&command).await,
            answer => answer,
        };
        Ok(redis::from_redis_value(answer?).map_err(RedisError::from)?)
    }

    /// Runs a pipeline in one round trip, with the same retry.
    async fn run_all<T: FromRedisValue>(&self, pipeline: &Pipeline) -> Result<T, Fault> {
        let mut connection = self.connection.clone();
        Ok(match pipeline.query_async(&mut connection).await {
            Err(error) if is_stale(&error) => pipeline.query_async(&mut connection).await?,
            answer => answer?,
        })
    }
}

fn is_stale(error: &RedisError) -> bool {
    !error.is_timeout() && (error.is_connection_dropped() || error.is_io_error())
}
