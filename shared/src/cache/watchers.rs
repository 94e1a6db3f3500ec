//! Those who watch a reply while it is written: a place among their user's streams, and a connection of their own, since
//! a read that blocks would stop every other one.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd};
use uuid::Uuid;

use super::connection::CONNECT_TIMEOUT;
use super::live::{LiveEntry, LiveId, all_entries};
use super::scripts::WAIT;
use super::waits::renew;
use super::{Cache, Checked, Visit};
use crate::Fault;
use crate::domain::{MessageId, Timestamp, UserId};

/// How long a place is kept that is not renewed: longer than two looks at it are apart.
const KEPT: Duration = Duration::from_secs(15);
/// How much later than asked for an answer may come before the connection counts as lost.
const LATE: Duration = Duration::from_secs(1);

/// A place among a user's streams.
#[derive(Debug, Clone)]
pub struct Watcher {
    user: UserId,
    /// The most that the user may have at once; 0 sets no limit.
    most: u32,
    /// Its name, which begins with the time when it came.
    place: String,
}

impl Watcher {
    /// A stream of `user` that was opened now.
    pub fn new(user: UserId, most: u32) -> Self {
        Self { user, most, place: Uuid::now_v7().to_string() }
    }
}

impl Cache {
    /// Checks a request and reads what a reply's stream holds, in one round trip.
    pub async fn open_stream(&self, visit: &Visit<'_>, reply: MessageId) -> Result<(Checked, Vec<LiveEntry>), Fault> {
        let (admission, live) = (self.admission(visit), self.live_key(reply));
        self.run_scripts(|form| {
            let mut pipeline = redis::pipe();
            pipeline.add_command(admission(form)).add_command(all_entries(&live));
            pipeline
        })
        .await
    }

    /// Takes a stream's place. Returns how long to wait if its user has opened `most` streams within the last minute: then it
    /// has none. 0 sets no limit. A repeated call counts once.
    pub async fn begin_watching(
        &self,
        watcher: &Watcher,
        most: u32,
        now: Timestamp,
    ) -> Result<Option<Duration>, Fault> {
        let keys = [self.streams_key(watcher.user), self.key("streams-opened", format_args!("{{{}}}", watcher.user))];
        let (place,): (i64,) = self
            .run_scripts(|form| {
                let mut command = WAIT.command(form);
                command.arg(keys.len()).arg(&keys).arg(now.unix_millis()).arg(&watcher.place).arg(watcher.most);
                command.arg(u64::try_from(KEPT.as_millis()).unwrap_or(u64::MAX)).arg(most);
                let mut pipeline = redis::pipe();
                pipeline.add_command(command);
                pipeline
            })
            .await?;
        Ok((place < 0).then(|| Duration::from_secs(place.unsigned_abs())))
    }

    /// Renews a stream's place, or takes it if it was lost. Returns whether it still has one: newer streams of its user may have taken it.
    pub async fn keep_watching(&self, watcher: &Watcher, now: Timestamp) -> Result<bool, Fault> {
        let places = self.streams_key(watcher.user);
        let (has_place,): (u8,) = self
            .run_scripts(|form| {
                let mut pipeline = redis::pipe();
                pipeline.add_command(renew(form, &places, &watcher.place, watcher.most, KEPT, now));
                pipeline
            })
            .await?;
        Ok(has_place == 1)
    }

    /// Gives a stream's place back.
    pub async fn stop_watching(&self, watcher: &Watcher) -> Result<(), Fault> {
        self.run(Cmd::zrem(self.streams_key(watcher.user), &watcher.place)).await
    }

    /// A connection that waits for entries. It is opened by the first wait.
    pub fn follower(&self, reply: MessageId) -> Follower {
        Follower { client: self.connection.client(), key: self.live_key(reply), connection: None }
    }

    fn streams_key(&self, user: UserId) -> String {
        self.key("streams", format_args!("{{{user}}}"))
    }
}

/// Waits for the entries of a reply's stream.
#[derive(Debug)]
pub struct Follower {
    client: Client,
    key: String,
    connection: Option<MultiplexedConnection>,
}

impl Follower {
    /// The entries after `after`; none if none come within `most`. After an error the next call connects anew.
    pub async fn next(&mut self, after: LiveId, most: Duration) -> Result<Vec<LiveEntry>, Fault> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        connection.set_response_timeout(most + LATE);
        let mut command = redis::cmd("XREAD");
        // Redis takes 0 as for ever.
        command.arg("BLOCK").arg(u64::try_from(most.as_millis()).unwrap_or(u64::MAX).max(1));
        command.arg("STREAMS").arg(&self.key).arg(after.to_string());
        let streams: Option<Vec<(String, Vec<LiveEntry>)>> = command.query_async(&mut connection).await?;
        self.connection = Some(connection);
        Ok(streams.into_iter().flatten().flat_map(|(_, entries)| entries).collect())
    }

    async fn connect(&self) -> Result<MultiplexedConnection, Fault> {
        let config = AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT_TIMEOUT));
        Ok(self.client.get_multiplexed_async_connection_with_config(&config).await?)
    }
}
