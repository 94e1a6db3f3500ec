//! The streams of a user: how many there may be, and how one is opened.

use std::time::Duration;

use shared::cache::{Cache, Watcher};
use shared::config::{ConfigError, Env};
use shared::db::Db;
use shared::domain::{Clock, ReplyState, UserId};
use shared::http::{Error, ProblemCode, Result};

/// What streams need. Cloning is cheap.
#[derive(Debug, Clone)]
pub(crate) struct Streams {
    pub(crate) cache: Cache,
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    /// Streams that a user may have at once; 0 sets no limit.
    per_user: u32,
    /// Streams that a user may open in a minute; 0 sets no limit. One that was displaced runs on until its next look.
    per_minute: u32,
    /// How long a stream lasts. Lambda does not tell that a client has left, and bills the stream on.
    pub(crate) whole: Duration,
}

impl Streams {
    /// Reads `STREAMS_PER_USER`, `STREAMS_PER_USER_MINUTE` and `STREAM_SECONDS`.
    pub(crate) fn from_env(env: &Env, cache: Cache, db: Db, clock: Clock) -> Result<Self, ConfigError> {
        let (per_user, per_minute) = (env.parsed("STREAMS_PER_USER", 5)?, env.parsed("STREAMS_PER_USER_MINUTE", 20)?);
        Ok(Self { cache, db, clock, per_user, per_minute, whole: env.seconds("STREAM_SECONDS", 60)? })
    }

    /// A place for a stream of a user's reply. A reply that has ended needs none: it is told at once. Without Redis nothing
    /// is limited.
    pub(crate) async fn place(&self, user: UserId, state: ReplyState) -> Result<Option<Watcher>> {
        if state.is_final() {
            return Ok(None);
        }
        let watcher = Watcher::new(user, self.per_user);
        match self.cache.begin_watching(&watcher, self.per_minute, self.clock.now()).await {
            Ok(Some(pause)) => Err(too_many(pause)),
            Ok(None) => Ok(Some(watcher)),
            Err(error) => {
                tracing::warn!(%error, "a stream is not counted");
                Ok(Some(watcher))
            }
        }
    }
}

fn too_many(pause: Duration) -> Error {
    Error::RateLimited(ProblemCode::TooManyRequests, "This user opens too many streams.", pause)
}
