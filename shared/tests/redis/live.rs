//! The stream of a reply: every outcome of a write, and what is left when everybody writes at once.

use shared::cache::{Cache, LiveEntry, LiveId, LiveKind, Published};
use shared::domain::{ChatroomId, MessageId};
use testkit::RedisServer;
use tokio::task::JoinSet;

use crate::cache;

fn entry(id: (u64, u64), kind: LiveKind, text: &str) -> LiveEntry {
    LiveEntry { id: LiveId { attempt: id.0, number: id.1 }, kind, text: text.into() }
}

fn end() -> LiveEntry {
    LiveEntry { id: LiveId::END, kind: LiveKind::End, text: String::new() }
}

#[tokio::test]
async fn a_write_is_taken_only_behind_the_entries_before_it() {
    use LiveKind::{Delta, Snapshot, Waiting};
    use Published::{Ended, Lost, Overtaken, Written};
    let server = RedisServer::start(&[]);
    let (cache, reply) = (cache(&server.address()), MessageId::generate());
    let steps = [
        ("no stream", (1, 2), Delta, "is ", Lost),
        ("the first entry", (1, 1), Snapshot, "Tea ", Written),
        ("the same again", (1, 1), Snapshot, "Tea ", Written),
        ("a gap", (1, 3), Delta, "hot", Lost),
        ("the next one", (1, 2), Delta, "is ", Written),
        ("the same again", (1, 2), Delta, "is ", Written),
        ("an older one", (1, 1), Snapshot, "Tea ", Overtaken),
        ("another attempt's piece", (2, 3), Delta, "hot", Lost),
        ("the piece of an attempt that has not begun", (2, 1), Delta, "hot", Lost),
        ("a newer attempt", (2, 4), Snapshot, "", Written),
        ("an attempt that was overtaken", (1, 3), Delta, "hot", Overtaken),
        ("the same, anew", (1, 900), Snapshot, "Tea is hot", Overtaken),
        ("a pause", (2, 5), Waiting, "", Written),
        ("behind the pause", (3, 1), Snapshot, "Tea", Written),
    ];
    let mut expected: Vec<LiveEntry> = Vec::new();
    for (name, id, kind, text, published) in steps {
        let entry = entry(id, kind, text);
        assert_eq!(cache.publish(reply, &entry).await.unwrap(), published, "{name}");
        if published == Written && expected.last() != Some(&entry) {
            expected.push(entry);
        }
        assert_eq!(cache.live_entries(reply).await.unwrap(), expected, "{name}");
    }
    for _ in 0..2 {
        cache.reply_ended(ChatroomId::generate(), reply).await.unwrap();
    }
    expected.push(end());
    for id in [(3, 2), (9, 1)] {
        assert_eq!(cache.publish(reply, &entry(id, Snapshot, "late")).await.unwrap(), Ended);
    }
    assert_eq!(cache.live_entries(reply).await.unwrap(), expected);
}

#[tokio::test]
async fn who_asks_is_told_what_became_of_the_newest_entry() {
    use Published::{Ended, Lost, Overtaken, Written};
    let server = RedisServer::start(&[]);
    let (cache, reply) = (cache(&server.address()), MessageId::generate());
    let ask = async |attempt, number| cache.may_publish(reply, LiveId { attempt, number }).await.unwrap();
    assert_eq!((ask(1, 0).await, ask(1, 2).await), (Written, Lost), "no stream");
    for number in 1..=2 {
        cache.publish(reply, &entry((1, number), LiveKind::Snapshot, "Tea")).await.unwrap();
    }
    assert_eq!((ask(1, 2).await, ask(1, 1).await), (Written, Overtaken));
    assert_eq!((ask(2, 0).await, ask(2, 1).await), (Written, Lost), "what the newer attempt wrote is not there");
    cache.replies_deleted(&[reply]).await.unwrap();
    assert_eq!((ask(1, 2).await, ask(2, 0).await), (Ended, Ended));
}

#[tokio::test]
async fn a_stream_is_kept_for_ten_minutes_and_one_minute_after_its_end() {
    let server = RedisServer::start(&[]);
    let (cache, reply) = (cache(&server.address()), MessageId::generate());
    let kept = async || server.command(&format!("PTTL live:{reply}")).await.parse::<u64>().unwrap();
    cache.publish(reply, &entry((1, 1), LiveKind::Snapshot, "")).await.unwrap();
    assert!((590_000..=600_000).contains(&kept().await));
    cache.replies_deleted(&[reply]).await.unwrap();
    assert!((50_000..=60_000).contains(&kept().await));
}

const PIECES: usize = 12;

/// A piece of an attempt, which names it.
fn piece(attempt: u64, place: usize) -> String {
    format!("{attempt}.{place} ")
}

/// An attempt that writes as a worker does.
struct Writer {
    attempt: u64,
    number: u64,
    /// Pieces so far.
    place: usize,
    /// Whether the next write must have all of them.
    whole: bool,
}

impl Writer {
    fn of(attempt: u64) -> Self {
        Self { attempt, number: 0, place: 0, whole: true }
    }

    /// Writes one more piece. Returns whether more may follow.
    async fn write(&mut self, cache: &Cache, reply: MessageId) -> bool {
        self.number += 1;
        let id = (self.attempt, self.number);
        let entry = if self.whole {
            let text: String = (0..self.place).map(|place| piece(self.attempt, place)).collect();
            entry(id, LiveKind::Snapshot, &text)
        } else {
            entry(id, LiveKind::Delta, &piece(self.attempt, self.place - 1))
        };
        match cache.publish(reply, &entry).await {
            Ok(Published::Written) => (self.whole, self.place) = (false, self.place + 1),
            // Nobody knows what became of a write that failed.
            Ok(Published::Lost) | Err(_) => self.whole = true,
            Ok(Published::Overtaken | Published::Ended) => return false,
        }
        self.place <= PIECES
    }
}

/// What a stream holds. A machine with other work may need more than one try.
async fn all(cache: &Cache, reply: MessageId) -> Vec<LiveEntry> {
    loop {
        if let Ok(entries) = cache.live_entries(reply).await {
            return entries;
        }
    }
}

/// Somebody who reads entries: at every moment the text is the beginning of one attempt's, and ids grow.
#[derive(Default)]
struct Reader {
    seen: Option<LiveId>,
    text: String,
}

impl Reader {
    fn read(&mut self, entries: &[LiveEntry]) {
        let from = entries.partition_point(|entry| Some(entry.id) <= self.seen);
        for entry in &entries[from..] {
            assert!(self.seen < Some(entry.id), "{entries:?}");
            self.seen = Some(entry.id);
            match entry.kind {
                LiveKind::Delta => self.text.push_str(&entry.text),
                _ => self.text.clone_from(&entry.text),
            }
            let whole: String = (0..PIECES).map(|place| piece(entry.id.attempt, place)).collect();
            assert!(whole.starts_with(&self.text), "{:?} after {:?}: {entries:?}", self.text, entry.id);
        }
    }
}

#[tokio::test]
async fn whatever_is_lost_or_overtaken_nobody_reads_a_text_of_two_attempts_or_one_with_a_gap() {
    let server = RedisServer::start(&[]);
    let cache = cache(&server.address());
    for seed in 1..=50_u64 {
        let (reply, mut random) = (MessageId::generate(), seed);
        let mut writers = vec![Writer::of(1)];
        let mut follower = Reader::default();
        for _ in 0..40 {
            // By Marsaglia's xorshift.
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            match random % 16 {
                0 => drop(server.command(&format!("DEL live:{reply}")).await),
                1 => writers.push(Writer::of(u64::try_from(writers.len()).unwrap() + 1)),
                2 if random % 5 == 0 => drop(cache.replies_deleted(&[reply]).await),
                choice => {
                    // One that was overtaken does not know it, or has forgotten.
                    let which = usize::try_from(choice).unwrap() % writers.len();
                    if writers[which].place <= PIECES {
                        writers[which].write(&cache, reply).await;
                    }
                }
            }
            let entries = all(&cache, reply).await;
            Reader::default().read(&entries);
            if random % 3 == 0 {
                follower.read(&entries);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_attempts_at_once_leave_a_text_of_one_attempt_and_one_end() {
    let server = RedisServer::start(&[]);
    for round in 0..6 {
        let (cache, reply) = (cache(&server.address()), MessageId::generate());
        let mut tasks = JoinSet::new();
        for task in 0..100 {
            // Not in their order, and all on one connection.
            let (cache, mut writer) = (cache.clone(), Writer::of((task * 37 + round * 11) % 100 + 1));
            tasks.spawn(async move { while writer.write(&cache, reply).await {} });
        }
        if round % 2 == 0 {
            while cache.replies_deleted(&[reply]).await.is_err() {}
        }
        tasks.join_all().await;
        let left = all(&cache, reply).await;
        Reader::default().read(&left);
        let ends: Vec<_> = left.iter().map(|entry| entry.kind == LiveKind::End).collect();
        assert_eq!(ends.iter().filter(|is_end| **is_end).count(), usize::from(round % 2 == 0), "round {round}");
        assert!(round % 2 == 1 || ends.last() == Some(&true));
        assert!(round % 2 == 0 || left.last().map(|entry| entry.id.attempt) == Some(100));
    }
}
