//! How many requests a user and an address may make: a bucket each, checked in the question about the session.
//!
//! A bucket holds the requests of a minute and refills evenly. A refused request costs nothing, so a user who is refused
//! takes nothing from others at the same address.

use std::time::Duration;

use redis::{Cmd, FromRedisValue, ParsingError, Value};
use uuid::Uuid;

use super::connection::Form;
use super::scripts::ADMIT;
use super::{Cache, Mark};
use crate::config::{ConfigError, Env};
use crate::domain::{SessionId, Timestamp, UserId, words};

/// How many requests with a session are allowed in a minute. 0 removes a limit.
#[derive(Debug, Clone, Copy)]
pub struct RequestLimits {
    /// Those of a user.
    pub per_user: u32,
    /// Those of an address (IPv6: a /64).
    pub per_address: u32,
}

impl RequestLimits {
    /// Reads `REQUESTS_PER_USER_MINUTE` and `REQUESTS_PER_ADDRESS_MINUTE`.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            per_user: env.parsed("REQUESTS_PER_USER_MINUTE", 120)?,
            per_address: env.parsed("REQUESTS_PER_ADDRESS_MINUTE", 300)?,
        })
    }
}

/// A request whose token is valid.
#[derive(Debug, Clone, Copy)]
pub struct Visit<'a> {
    /// The token's user.
    pub user: UserId,
    /// The token's session.
    pub session: SessionId,
    /// Whether the request is counted by its session in place of its user.
    pub by_session: bool,
    /// Where it comes from.
    pub address: &'a str,
    /// What is allowed.
    pub limits: RequestLimits,
    /// When it comes.
    pub now: Timestamp,
}

words!(
    /// A limit of requests.
    RequestLimit {
        /// The user's.
        User = "user",
        /// The address'.
        Address = "address",
    }
);

/// What Redis says about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// The mark of its session.
    pub mark: Mark,
    /// The limit that it exceeds, and how long to wait.
    pub over: Option<(RequestLimit, Duration)>,
}

impl FromRedisValue for Checked {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        let (mark, limit, seconds): (String, String, u64) = redis::from_redis_value(value)?;
        let over = RequestLimit::parse(&limit).map(|limit| (limit, Duration::from_secs(seconds)));
        Ok(Self { mark: Mark::of(Some(&mark)), over })
    }
}

impl Cache {
    /// Makes the command that reads the session's mark and counts the request, in either form of a script. It knows
    /// itself if it is repeated.
    pub(super) fn admission(&self, visit: &Visit<'_>) -> impl Fn(Form) -> Cmd + Send + Sync {
        let keys = [
            self.session_key(visit.session),
            if visit.by_session {
                self.door_key("requests-session", visit.session)
            } else {
                self.door_key("requests-user", visit.user)
            },
            self.door_key("requests-address", visit.address),
        ];
        let (now, limits, id) = (visit.now.unix_millis(), visit.limits, Uuid::new_v4().to_string());
        move |form| {
            let mut command = ADMIT.command(form);
            command.arg(keys.len()).arg(&keys).arg(now).arg(&id).arg(limits.per_user).arg(limits.per_address);
            command
        }
    }

    /// A key that the check of a request may touch: all of them lie in one slot.
    pub(super) fn door_key(&self, kind: &str, of: impl std::fmt::Display) -> String {
        self.key(kind, format_args!("{{door}}:{of}"))
    }
}
