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

/// The pieces of an attempt, each of which names it.
fn piece(attempt: u64, place: usize) -> String {
    format!("{attempt}.{place} ")
}

const PIECES: usize = 12;

/// Writes an attempt as a worker does, until it is overtaken or has written everything.
async fn write(cache: Cache, reply: MessageId, attempt: u64) {
    let (mut number, mut whole) = (0, true);
    let mut place = 0;
    while place <= PIECES {
        number += 1;
        let entry = if whole {
            let text: String = (0..place).map(|place| piece(attempt, place)).collect();
            entry((attempt, number), LiveKind::Snapshot, &text)
        } else {
            entry((attempt, number), LiveKind::Delta, &piece(attempt, place - 1))
        };
        match cache.publish(reply, &entry).await.unwrap() {
            Published::Written => (whole, place) = (false, place + 1),
            Published::Lost => whole = true,
            Published::Overtaken | Published::Ended => return,
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_attempts_at_once_leave_a_text_of_one_attempt_and_one_end() {
    let server = RedisServer::start(&[]);
    for round in 0..6 {
        let (cache, reply) = (cache(&server.address()), MessageId::generate());
        let mut tasks = JoinSet::new();
        // Not in their order, and all on one connection.
        for task in 0..100 {
            tasks.spawn(write(cache.clone(), reply, (task * 37 + round * 11) % 100 + 1));
        }
        let (evictor, key) = (cache.clone(), format!("live:{reply}"));
        for _ in 0..round {
            server.command(&format!("DEL {key}")).await;
            check(&evictor.live_entries(reply).await.unwrap());
        }
        if round % 2 == 0 {
            cache.replies_deleted(&[reply]).await.unwrap();
        }
        tasks.join_all().await;
        let left = cache.live_entries(reply).await.unwrap();
        check(&left);
        let ends = left.iter().filter(|entry| entry.kind == LiveKind::End).count();
        assert_eq!(ends, usize::from(round % 2 == 0), "round {round}");
    }
}

/// Whoever reads the entries sees at every moment the beginning of one attempt's text; ids grow; the end is last.
fn check(entries: &[LiveEntry]) {
    let mut text = String::new();
    for (at, entry) in entries.iter().enumerate() {
        assert!(at == 0 || entries[at - 1].id < entry.id, "{entries:?}");
        if entry.kind != LiveKind::Delta {
            text.clear();
        }
        text.push_str(&entry.text);
        let whole: String = (0..PIECES).map(|place| piece(entry.id.attempt, place)).collect();
        assert!(whole.starts_with(&text), "{text:?} of {:?}", entry.id);
        assert!(entry.kind != LiveKind::End || at + 1 == entries.len());
    }
}
