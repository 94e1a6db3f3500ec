//! The text of an attempt while it is read. Whoever reads Gemini puts the text on a pad and never waits; a publisher
//! beside it writes what is new to Redis, one write at a time.

use std::time::Duration;

use shared::Fault;
use shared::cache::{Cache, LiveEntry, LiveId, LiveKind, Published};
use shared::domain::MessageId;
use tokio::sync::watch;
use tokio::time::Instant;

/// The least time between two writes of text: 20 a second, however fast the model writes.
const GAP: Duration = Duration::from_millis(50);
/// How often a silent attempt asks whether it may go on. A write of text tells so by itself.
const LOOK: Duration = Duration::from_millis(400);
/// The pause after a write that failed.
const AWAY: Duration = Duration::from_secs(1);

/// The two ends of an attempt's live text.
#[derive(Debug)]
pub struct Live<'a> {
    /// Where the text is put.
    pub pad: Pad,
    /// What publishes it.
    pub publisher: Publisher<'a>,
}

impl<'a> Live<'a> {
    /// An attempt without text.
    pub fn of(cache: &'a Cache, reply: MessageId, attempt: i32) -> Self {
        let (pad, draft) = watch::channel(Draft::default());
        let id = LiveId { attempt: u64::from(attempt.unsigned_abs()), number: 0 };
        Self { pad: Pad(pad), publisher: Publisher { cache, reply, id, draft, written: None } }
    }
}

/// The text so far.
#[derive(Debug, Default)]
struct Draft {
    text: String,
    /// How often it began anew.
    beginnings: u64,
}

/// Where the text of an attempt is put while it is read.
#[derive(Debug)]
pub struct Pad(watch::Sender<Draft>);

impl Pad {
    /// Takes the text so far. A text that is shorter than before begins anew.
    pub fn put(&self, text: &str) {
        self.0.send_if_modified(|draft| {
            let begins = text.len() < draft.text.len();
            if begins {
                draft.text.clear();
                draft.beginnings += 1;
            }
            let more = text.get(draft.text.len()..).unwrap_or_default();
            draft.text.push_str(more);
            begins || !more.is_empty()
        });
    }
}

/// How much of a draft is in the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    beginnings: u64,
    length: usize,
}

/// Writes the text of an attempt to its reply's stream. What it has written outlives a call that is dropped.
#[derive(Debug)]
pub struct Publisher<'a> {
    cache: &'a Cache,
    reply: MessageId,
    /// The last id that was used. Each write has the next one, whatever became of the one before.
    id: LiveId,
    draft: watch::Receiver<Draft>,
    /// What the stream has; `None` if nobody knows.
    written: Option<Mark>,
}

impl Publisher<'_> {
    /// Publishes until the stream takes no more of this attempt: its reply has ended, or a newer attempt writes. While
    /// Redis fails nothing is published; then all of the text is.
    pub async fn run(&mut self) {
        let mut is_away = false;
        loop {
            let begun = Instant::now();
            match self.publish().await {
                Ok(Published::Written) => {
                    is_away = false;
                    self.wait(begun).await;
                }
                Ok(Published::Lost) => {
                    is_away = false;
                    self.written = None;
                }
                Ok(Published::Ended | Published::Overtaken) => return,
                Err(error) => {
                    if !std::mem::replace(&mut is_away, true) {
                        tracing::warn!(%error, reply = %self.reply, "an attempt is not published");
                    }
                    self.written = None;
                    tokio::time::sleep(AWAY).await;
                }
            }
        }
    }

    /// Tells those who watch that another attempt follows, and that the text so far counts no more.
    pub async fn wait_for_another(&mut self) {
        if let Err(error) = self.write(LiveKind::Waiting, String::new()).await {
            tracing::warn!(%error, reply = %self.reply, "those who watch see a text that counts no more");
        }
    }

    /// Writes what is new, or all of the text if the stream may lack what came before. Without news it only asks.
    pub async fn publish(&mut self) -> Result<Published, Fault> {
        let Some((kind, text, mark)) = self.news() else {
            return self.cache.may_publish(self.reply, self.id).await;
        };
        self.written = None;
        let published = self.write(kind, text).await?;
        self.written = (published == Published::Written).then_some(mark);
        Ok(published)
    }

    fn news(&mut self) -> Option<(LiveKind, String, Mark)> {
        let draft = self.draft.borrow_and_update();
        let mark = Mark { beginnings: draft.beginnings, length: draft.text.len() };
        match self.written {
            Some(written) if written == mark => None,
            Some(Mark { beginnings, length }) if beginnings == mark.beginnings => {
                Some((LiveKind::Delta, draft.text[length..].to_owned(), mark))
            }
            _ => Some((LiveKind::Snapshot, draft.text.clone(), mark)),
        }
    }

    async fn write(&mut self, kind: LiveKind, text: String) -> Result<Published, Fault> {
        self.id.number += 1;
        self.cache.publish(self.reply, &LiveEntry { id: self.id, kind, text }).await
    }

    /// Waits for more text, but not beyond the next look. The first text does not wait for its turn.
    async fn wait(&mut self, begun: Instant) {
        let has_text = self.written.is_some_and(|mark| mark.length > 0);
        tokio::time::sleep_until(begun + if has_text { GAP } else { Duration::ZERO }).await;
        let more = async {
            if self.draft.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        // Late or not: whatever there is by then is published.
        let _ = tokio::time::timeout_at(begun + LOOK, more).await;
    }
}
