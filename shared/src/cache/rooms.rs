//! The first page of a user's chatroom list, for five minutes, never stale after a write.
//!
//! An entry carries the token that was current before its rows were read. It is valid only while that token is current.
//! A write sets the token to `writing` before it commits and to a new value afterwards, so a reader that was slower
//! than the write stores under an old token. A writer that dies leaves `writing`, which expires by itself.
//!
//! A send is the most frequent write. It changes the token and, before it commits, blocks reads and stores of the list
//! for a while. The block expires by itself, so the send needs no second round trip.

use std::time::Duration;

use redis::Value;
use uuid::Uuid;

use super::{Cache, Checked, Visit};
use crate::Fault;
use crate::domain::UserId;

/// How long a page is kept.
const KEPT: Duration = Duration::from_secs(300);
/// Longer than a write may take: [`crate::db::STATEMENT_TIMEOUT`], and twelve seconds for a connection that was opened ahead
/// and lost.
const WRITING: Duration = Duration::from_secs(30);

/// What the cache knows about a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CachedRooms {
    /// The page as it was sent before.
    Hit(String),
    /// There is no valid page; one that is read now may be stored under this token.
    Miss(String),
    /// A write is in progress, or Redis is unavailable: the cache must not be read or written.
    Bypass,
}

impl Cache {
    fn token_key(&self, user: UserId) -> String {
        self.key("rooms-token", user)
    }

    fn sending_key(&self, user: UserId) -> String {
        self.key("rooms-sending", user)
    }

    fn rooms_key(&self, user: UserId) -> String {
        self.key("rooms", user)
    }

    /// The cached list and the check of the request, in one round trip.
    pub async fn rooms(&self, visit: &Visit<'_>) -> Result<(Checked, CachedRooms), Fault> {
        let (admission, fresh) = (self.admission(visit), Uuid::new_v4().to_string());
        let [token, rooms, sending] =
            [self.token_key(visit.user), self.rooms_key(visit.user), self.sending_key(visit.user)];
        let list = |form| {
            let mut pipeline = redis::pipe();
            pipeline
                .add_command(admission(form))
                .cmd("SET")
                .arg(&token)
                .arg(&fresh)
                .arg("NX")
                .arg("GET")
                .arg("EX")
                .arg(KEPT.as_secs())
                .get(&rooms)
                .exists(&sending);
            pipeline
        };
        let (checked, token, entry, sending): (Checked, Option<String>, Option<String>, bool) =
            self.run_scripts(list).await?;
        let rooms = match (token, entry) {
            _ if sending => CachedRooms::Bypass,
            (Some(token), _) if token == "writing" => CachedRooms::Bypass,
            (Some(token), Some(entry)) => match entry.split_once('\n') {
                Some((of, page)) if of == token => CachedRooms::Hit(page.to_owned()),
                _ => CachedRooms::Miss(token),
            },
            (Some(token), None) => CachedRooms::Miss(token),
            (None, _) => CachedRooms::Miss(fresh),
        };
        Ok((checked, rooms))
    }

    /// Stores a page under the token that a miss returned.
    pub async fn store_rooms(&self, user: UserId, token: &str, page: &str) -> Result<(), Fault> {
        let entry = format!("{token}\n{page}");
        self.run::<Value>(redis::Cmd::set_ex(self.rooms_key(user), entry, KEPT.as_secs())).await.map(drop)
    }

    /// Announces a write to the user's rooms and checks the request, in one round trip. If Redis is unavailable, the
    /// write may go on: then nobody reads from Redis either.
    pub async fn writing_rooms(&self, visit: &Visit<'_>) -> Result<Checked, Fault> {
        let (admission, token) = (self.admission(visit), self.token_key(visit.user));
        let announce = |form| {
            let mut pipeline = redis::pipe();
            pipeline.add_command(admission(form)).set_ex(&token, "writing", WRITING.as_secs()).ignore();
            pipeline
        };
        let (checked,) = self.run_scripts(announce).await?;
        Ok(checked)
    }

    /// Announces a send, which changes the order of the user's list, and checks the request, in one round trip. Nothing
    /// must follow: the list is cached again when the message has surely been stored.
    pub async fn sending(&self, visit: &Visit<'_>) -> Result<Checked, Fault> {
        let (admission, fresh) = (self.admission(visit), Uuid::new_v4().to_string());
        let (token, sending) = (self.token_key(visit.user), self.sending_key(visit.user));
        let announce = |form| {
            let mut pipeline = redis::pipe();
            pipeline
                .add_command(admission(form))
                .set_ex(&sending, 1, WRITING.as_secs())
                .ignore()
                .set_ex(&token, &fresh, KEPT.as_secs())
                .ignore();
            pipeline
        };
        let (checked,) = self.run_scripts(announce).await?;
        Ok(checked)
    }

    /// Lets the list be cached again after a write.
    pub async fn rooms_written(&self, user: UserId) -> Result<(), Fault> {
        let mut pipeline = redis::pipe();
        pipeline
            .set_ex(self.token_key(user), Uuid::new_v4().to_string(), KEPT.as_secs())
            .ignore()
            .del(self.rooms_key(user))
            .ignore();
        self.run_all::<()>(&pipeline).await
    }
}
