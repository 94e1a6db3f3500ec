//! How a stream learns what nobody tells it: an end that was not told, and the loss of its place.

use std::time::Duration;

use shared::cache::LiveId;
use shared::db::replies::{self, Progress};
use tokio::time::Instant;

use super::Following;
use crate::events::{self, Reason};

/// How long a stream is silent before it says that it is alive, and looks at the row and its place.
pub(super) const TICK: Duration = Duration::from_secs(5);
/// The same when the end was told but could not be read.
const HURRY: Duration = Duration::from_secs(1);
/// The same without Redis: each look opens a connection to Postgres, and all streams look then.
const AWAY: Duration = Duration::from_secs(3);
/// At most so much is added to it by chance, so that they do not look at once.
const SPREAD: Duration = Duration::from_secs(1);

impl Following {
    /// Looks at what nobody tells: whether the stream still has its place, and, after a silence, the row.
    pub(super) async fn look(&mut self) {
        if let Some(watcher) = &self.watcher
            && let Ok(false) = self.streams.cache.keep_watching(watcher, self.streams.clock.now()).await
        {
            return self.close(Reason::Replaced);
        }
        if self.is_silent || self.is_blind || self.seen == LiveId::END {
            self.look_at_row().await;
        }
        if self.is_silent && !self.is_over {
            self.waiting.push_back(events::alive());
        }
        self.next_look = Instant::now() + self.pause();
        self.is_silent = true;
    }

    /// How long it is until the next look.
    pub(super) fn pause(&self) -> Duration {
        match (self.is_blind, self.seen) {
            (true, _) => AWAY + SPREAD.mul_f64(f64::from(getrandom::u32().unwrap_or_default()) / f64::from(u32::MAX)),
            (false, LiveId::END) => HURRY,
            (false, _) => TICK,
        }
    }

    pub(super) async fn look_at_row(&mut self) {
        let row = replies::progress(&self.streams.db, self.user, self.room, self.reply.id).await;
        self.streams.db.rest();
        match row {
            Ok(Some(Progress { reply, attempt })) => {
                (self.reply, self.attempt) = (reply.into(), attempt.unsigned_abs().into());
                if self.reply.state.is_final() {
                    self.finish();
                }
            }
            Ok(None) => self.close(Reason::Gone),
            Err(error) => tracing::warn!(%error, "a stream cannot look at its reply"),
        }
    }
}
