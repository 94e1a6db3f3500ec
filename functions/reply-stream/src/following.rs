//! One stream: a connection that follows a reply from its present text to its end, for a minute at most.

mod looking;

use std::collections::VecDeque;

use axum::response::sse::Event;
use shared::cache::{Follower, LiveEntry, LiveId, Watcher};
use shared::chat::MessageView;
use shared::domain::{ChatroomId, UserId};
use tokio::time::{Instant, sleep_until};
use tracing::Span;

use self::looking::TICK;
use crate::events::{self, Reason};
use crate::streams::Streams;
use crate::text::{Change, Snapshot, catch_up};

/// A stream from its first event to its last.
pub(crate) struct Following {
    streams: Streams,
    user: UserId,
    room: ChatroomId,
    /// The reply as the row was when it was last read.
    reply: MessageView,
    /// The newest attempt that the row knew then.
    attempt: u64,
    /// Its place; `None` for a reply that has ended, which is told at once.
    watcher: Option<Watcher>,
    follower: Follower,
    /// The newest entry that the client has.
    seen: LiveId,
    waiting: VecDeque<Event>,
    is_over: bool,
    /// Whether Redis could not be read.
    is_blind: bool,
    /// Whether nothing was sent since the last look.
    is_silent: bool,
    began: Instant,
    next_look: Instant,
    /// Of its request, whose id is in every line of the log.
    pub(crate) span: Span,
}

impl Following {
    /// A stream of a reply as its row is. It begins with [`Self::resume`].
    pub(crate) fn new(
        streams: Streams,
        (user, room): (UserId, ChatroomId),
        reply: MessageView,
        attempt: i32,
        watcher: Option<Watcher>,
    ) -> Self {
        let now = Instant::now();
        Self {
            follower: streams.cache.follower(reply.id),
            user,
            room,
            reply,
            attempt: attempt.unsigned_abs().into(),
            watcher,
            seen: LiveId::START,
            waiting: VecDeque::from([events::retry()]),
            is_over: false,
            is_blind: false,
            is_silent: true,
            began: now,
            next_look: now + TICK,
            span: Span::current(),
            streams,
        }
    }

    /// Goes on after the entry that the client has, if it has any. `entries` is what Redis has, `None` if it is away.
    #[must_use]
    pub(crate) fn resume(mut self, entries: Option<&[LiveEntry]>, last: Option<LiveId>) -> Self {
        let (seen, change) = catch_up(entries, last, self.attempt);
        self.seen = seen;
        if entries.is_none() {
            self.is_blind = true;
            self.next_look = self.began + self.pause();
        }
        match change {
            _ if self.reply.state.is_final() => self.finish(),
            Some(change) => self.waiting.extend(events::change(self.reply.id, seen, &change)),
            None if seen == LiveId::START => {
                let (attempt, state) = (self.attempt, self.reply.state);
                let snapshot = Change::Snapshot(Snapshot { attempt, state, content: String::new() });
                self.waiting.extend(events::change(self.reply.id, seen, &snapshot));
            }
            None => {}
        }
        self
    }

    /// Sends an event before the others.
    #[must_use]
    pub(crate) fn after(mut self, first: Event) -> Self {
        self.waiting.push_front(first);
        self
    }

    /// The next event; `None` after the last one.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            if self.is_over {
                self.leave().await;
                return None;
            }
            self.read().await;
            let now = Instant::now();
            if !self.is_over && now >= self.next_look {
                self.look().await;
            }
            if !self.is_over && now >= self.deadline() {
                self.close(Reason::Time);
            }
        }
    }

    /// Reads what is new, until it is time to look.
    async fn read(&mut self) {
        let (until, now) = (self.next_look.min(self.deadline()), Instant::now());
        if self.is_blind {
            sleep_until(until).await;
            if let Ok(entries) = self.streams.cache.live_entries(self.reply.id).await {
                self.is_blind = false;
                let begun = self.attempt.max(self.seen.attempt);
                self.take(catch_up(Some(&entries), Some(self.seen), begun)).await;
            }
            return;
        }
        match self.follower.next(self.seen, until.saturating_duration_since(now)).await {
            Ok(entries) => self.take(catch_up(Some(&entries), None, self.attempt)).await,
            Err(error) => {
                tracing::warn!(%error, "a stream goes on without Redis");
                self.is_blind = true;
                self.next_look = now + self.pause();
            }
        }
    }

    async fn take(&mut self, (seen, change): (LiveId, Option<Change>)) {
        let Some(change) = change else { return };
        self.seen = seen;
        if let Some(event) = events::change(self.reply.id, seen, &change) {
            self.waiting.push_back(event);
            self.is_silent = false;
        } else {
            self.look_at_row().await;
            self.next_look = Instant::now() + self.pause();
        }
    }

    fn finish(&mut self) {
        self.waiting.push_back(events::done(&self.reply));
        self.is_over = true;
    }

    fn close(&mut self, reason: Reason) {
        self.waiting.push_back(events::closing(reason));
        self.is_over = true;
    }

    fn deadline(&self) -> Instant {
        self.began + self.streams.whole
    }

    async fn leave(&self) {
        if let Some(watcher) = &self.watcher
            && let Err(error) = self.streams.cache.stop_watching(watcher).await
        {
            tracing::warn!(%error, "a stream that ended keeps its place for a while");
        }
        let milliseconds = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(reply = %self.reply.id, state = self.reply.state.as_str(), milliseconds, "a stream has ended");
    }
}
