//! Redis holds what may be lost. Without it, the chatroom list and session checks are slower; codes and limits need it.

mod asker;
mod attempts;
mod challenges;
mod code_keys;
mod connection;
mod deliveries;
mod devices;
mod handovers;
mod limits;
mod live;
mod notices;
mod replies;
mod requests;
mod rooms;
mod scripts;
mod sessions;
mod signups;
mod tries;
mod waits;
mod watchers;

use std::time::Duration;

use redis::{Client, Cmd, ConnectionAddr, FromRedisValue, IntoConnectionInfo, Pipeline, RedisError, TlsCertificates};

use connection::{Connection, Question};
use scripts::CHECK;

pub use asker::Asker;
pub use attempts::Attempt;
pub use challenges::{Challenge, FoundChallenge, OpenChallenge, Opened, Purpose};
pub use deliveries::Delivery;
pub use handovers::{Handover, HandoverLimits, Use};
pub use limits::{OtpLimit, OtpLimits, OtpRefusal, RateLimit, Slid, Slide};
pub use live::{LiveEntry, LiveId, LiveKind, Published, newest_text};
pub use requests::{Checked, RequestLimit, RequestLimits, Visit};
pub use rooms::CachedRooms;
pub use sessions::Mark;
pub use tries::{Try, Verdict};
pub use waits::{WaitingRequest, Woken};
pub use watchers::{Follower, Watcher};

use crate::config::{ConfigError, Env};
use crate::{Fault, tls};

/// How long the key of a check is kept.
const CHECK_KEPT: Duration = Duration::from_mins(1);

/// A lazy connection to Redis. It is not opened before the first command; cloning is cheap.
#[derive(Clone)]
pub struct Cache {
    connection: Connection,
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
        let connection = Connection::new(client).map_err(refused)?;
        Ok(Self { connection, prefix: env.optional("REDIS_PREFIX").unwrap_or_default() })
    }

    /// Whether Redis does what requests ask of it: run a script, write, and read.
    pub async fn ping(&self) -> Result<(), Fault> {
        let mut call = CHECK.prepare_invoke();
        call.key(self.key("check", "health")).arg(1).arg(CHECK_KEPT.as_secs());
        self.script(&call).await
    }

    fn key(&self, kind: &str, of: impl std::fmt::Display) -> String {
        format!("{}{kind}:{of}", self.prefix)
    }

    /// Runs a command. It may run twice ([`Connection::ask`]), which each caller must tolerate. What the server refuses
    /// is an error.
    async fn run<T: FromRedisValue>(&self, command: Cmd) -> Result<T, Fault> {
        Ok(self.connection.ask(Question::Command(&command)).await?)
    }

    /// Runs a pipeline in one round trip, with the same retry.
    async fn run_all<T: FromRedisValue>(&self, pipeline: &Pipeline) -> Result<T, Fault> {
        Ok(self.connection.ask(Question::Pipeline(pipeline)).await?)
    }
}
