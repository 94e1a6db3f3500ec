//! The text of a reply while it is written: a Redis stream of its own, whose ids are the fence of its writers.
//!
//! An entry's id is `attempt-number`. The stream takes only ids above its newest one, so an attempt that was overtaken
//! writes nothing, nothing is written twice, and the end, whose id is above all others, comes once and last. Everything
//! here may be lost: Postgres has the reply.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use redis::{Cmd, FromRedisValue, ParsingError, Value};

use super::Cache;
use super::connection::Form;
use super::scripts::PUBLISH;
use crate::Fault;
use crate::domain::{MessageId, words};

/// How long a stream is kept that nobody writes to: longer than the pauses between attempts.
const KEPT: Duration = Duration::from_mins(10);
/// How long it is kept after its end, for clients that resume. Afterwards they read the row.
const KEPT_ENDED: Duration = Duration::from_mins(1);

/// The id of an entry: its attempt, and its number within the attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LiveId {
    /// The attempt, from 1.
    pub attempt: u64,
    /// The place within the attempt, from 1.
    pub number: u64,
}

impl LiveId {
    /// Before every entry.
    pub const START: Self = Self { attempt: 0, number: 0 };
    /// The end: after every other entry. An attempt's number has 31 bits.
    pub const END: Self = Self { attempt: u32::MAX as u64, number: 0 };
}

impl fmt::Display for LiveId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.attempt, self.number)
    }
}

impl FromStr for LiveId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (attempt, number) = text.split_once('-').ok_or(())?;
        let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
        let part = |digits: &str| if is_number(digits) { digits.parse().map_err(drop) } else { Err(()) };
        Ok(Self { attempt: part(attempt)?, number: part(number)? })
    }
}

words!(
    /// What an entry is.
    LiveKind {
        /// The whole text of an attempt so far. Opens each attempt, and repairs a stream that was lost.
        Snapshot = "snapshot",
        /// A piece that is appended to the text.
        Delta = "delta",
        /// The attempt failed, and another one follows: there is no text.
        Waiting = "waiting",
        /// The reply has ended; its row has the text.
        End = "end",
    }
);

/// An entry of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveEntry {
    /// Its id.
    pub id: LiveId,
    /// What it is.
    pub kind: LiveKind,
    /// The text of a snapshot or a piece.
    pub text: String,
}

impl FromRedisValue for LiveEntry {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        let (id, (kind, text)): (String, (String, String)) = redis::from_redis_value(value)?;
        let id = id.parse().map_err(|()| ParsingError::from("not an id of a reply's stream"))?;
        let kind = LiveKind::parse(&kind).ok_or_else(|| ParsingError::from("not a kind of entry"))?;
        Ok(Self { id, kind, text })
    }
}

words!(
    /// What became of a write.
    Published {
        /// It is in the stream.
        Written = "written",
        /// The entry before it is not in the stream, which was lost: only a snapshot can begin it anew.
        Lost = "lost",
        /// A newer attempt writes.
        Overtaken = "overtaken",
        /// The reply has ended; it was cancelled or deleted, perhaps.
        Ended = "ended",
    }
);

impl FromRedisValue for Published {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        let word: String = redis::from_redis_value(value)?;
        Self::parse(&word).ok_or_else(|| ParsingError::from("not an answer of publish.lua"))
    }
}

impl Cache {
    /// Adds an entry to a reply's stream. A repeated write is written once.
    pub async fn publish(&self, reply: MessageId, entry: &LiveEntry) -> Result<Published, Fault> {
        let LiveEntry { id, kind, text } = entry;
        self.write_live(reply, *id, kind.as_str(), text).await
    }

    /// Whether an attempt whose newest entry is `id` may still write. Number 0 stands for none.
    pub async fn may_publish(&self, reply: MessageId, id: LiveId) -> Result<Published, Fault> {
        self.write_live(reply, id, "", "").await
    }

    async fn write_live(&self, reply: MessageId, id: LiveId, kind: &str, text: &str) -> Result<Published, Fault> {
        let key = self.live_key(reply);
        let write = |form| {
            let mut pipeline = redis::pipe();
            pipeline.add_command(publish(form, &key, id, kind, text, KEPT));
            pipeline
        };
        let (published,) = self.run_scripts(write).await?;
        Ok(published)
    }

    /// What a reply's stream holds, the oldest entry first.
    pub async fn live_entries(&self, reply: MessageId) -> Result<Vec<LiveEntry>, Fault> {
        self.run(all_entries(&self.live_key(reply))).await
    }

    pub(super) fn live_key(&self, reply: MessageId) -> String {
        self.key("live", reply)
    }
}

/// The newest attempt in a stream, and its text so far. `None` if there is none.
pub fn newest_text(entries: &[LiveEntry]) -> Option<(u64, String)> {
    let written = entries.iter().filter(|entry| entry.kind != LiveKind::End);
    written.fold(None, |before, LiveEntry { id, kind, text }| match (kind, before) {
        (LiveKind::Delta, Some((_, so_far))) => Some((id.attempt, so_far + text)),
        _ => Some((id.attempt, text.clone())),
    })
}

/// Writes an entry, or asks whether one may be written if there is no `kind`.
fn publish(form: Form, key: &str, id: LiveId, kind: &str, text: &str, kept: Duration) -> Cmd {
    let mut command = PUBLISH.command(form);
    command.arg(1).arg(key).arg(id.attempt).arg(id.number).arg(kind).arg(text);
    command.arg(u64::try_from(kept.as_millis()).unwrap_or(u64::MAX)).arg(LiveId::END.attempt);
    command
}

/// Ends a stream: whoever watches reads the row, and whoever writes stops.
pub(super) fn end(form: Form, key: &str) -> Cmd {
    publish(form, key, LiveId::END, LiveKind::End.as_str(), "", KEPT_ENDED)
}

pub(super) fn all_entries(key: &str) -> Cmd {
    let mut command = redis::cmd("XRANGE");
    command.arg(key).arg("-").arg("+");
    command
}

#[cfg(test)]
mod tests {
    use super::LiveId;

    #[test]
    fn an_id_is_two_numbers() {
        assert_eq!("3-17".parse(), Ok(LiveId { attempt: 3, number: 17 }));
        assert_eq!(LiveId::END.to_string(), "4294967295-0");
        for text in
            ["", "-", "3", "3-", "-3", "+1-1", "1--1", "1-1-1", " 1-1", "1-1 ", "a-b", "1-99999999999999999999", "٣-١"]
        {
            assert!(text.parse::<LiveId>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_id_is_above_those_of_earlier_attempts() {
        let id = |attempt, number| LiveId { attempt, number };
        assert!(LiveId::START < id(1, 1) && id(1, 900) < id(2, 1) && id(2, 1) < LiveId::END);
    }
}
