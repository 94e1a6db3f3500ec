//! The streams of a user: how many there may be, and how one is opened.

use std::time::Duration;

use shared::Fault;
use shared::cache::{Cache, Watcher};
use shared::config::{ConfigError, Env};
use shared::db::Db;
use shared::db::replies::{self, Progress};
use shared::domain::{ChatroomId, Clock, MessageId, UserId};

/// What streams need. Cloning is cheap.
#[derive(Debug, Clone)]
pub(crate) struct Streams {
    pub(crate) cache: Cache,
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    /// Streams that a user may have at once; 0 sets no limit.
    per_user: u32,
    /// How long a stream lasts. Lambda does not tell that a client has left, and bills the stream on.
    pub(crate) whole: Duration,
}

impl Streams {
    /// Reads `STREAMS_PER_USER` and `STREAM_SECONDS`.
    pub(crate) fn from_env(env: &Env, cache: Cache, db: Db, clock: Clock) -> Result<Self, ConfigError> {
        let per_user = env.parsed("STREAMS_PER_USER", 5)?;
        Ok(Self { cache, db, clock, per_user, whole: env.seconds("STREAM_SECONDS", 60)? })
    }

    /// A user's reply as it is stored, and a place for a stream of it; `None` if there is no such reply.
    pub(crate) async fn open(
        &self,
        user: UserId,
        room: ChatroomId,
        reply: MessageId,
    ) -> Result<Option<(Progress, Watcher)>, Fault> {
        let watcher = Watcher::new(user, self.per_user);
        let (progress, ()) = tokio::join!(replies::progress(&self.db, user, room, reply), self.take_place(&watcher));
        // A stream lasts long, each in an environment of its own, and Postgres has few connections.
        self.db.rest();
        Ok(progress?.map(|progress| (progress, watcher)))
    }

    /// A place for a stream of a reply that was accepted just now.
    pub(crate) async fn begin(&self, user: UserId) -> Watcher {
        let watcher = Watcher::new(user, self.per_user);
        self.take_place(&watcher).await;
        self.db.rest();
        watcher
    }

    async fn take_place(&self, watcher: &Watcher) {
        if let Err(error) = self.cache.keep_watching(watcher, self.clock.now()).await {
            tracing::warn!(%error, "a stream is not counted");
        }
    }
}
