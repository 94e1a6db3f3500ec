//! The text of a reply is in its stream while it is written, and only the newest attempt writes.

use std::time::{Duration, Instant};

use shared::cache::{LiveEntry, LiveId, LiveKind};
use shared::db::replies::{self, Cancel, Claim};
use shared::domain::{ChatroomId, FreeCancels, MessageId, ReplyError, ReplyState};

use crate::kit::Kit;
use crate::script::{Script, Step, last, piece};

pub(crate) async fn kit(
    calls: Vec<Vec<Step>>,
    settings: &[(&str, &str)],
) -> (Kit, Script, [(ChatroomId, MessageId); 1]) {
    let script = Script::start(calls).await;
    let kit = Kit::with(&[&[("GEMINI_BASE_URL", script.url.as_str())], settings].concat()).await;
    let room = kit.room().await;
    let reply = kit.send(room, "hi").await;
    (kit, script, [(room, reply)])
}

/// Pieces with a pause after each, then the end.
pub(crate) fn dripping(pieces: &[&str], millis: u64) -> Vec<Step> {
    let steps = pieces.iter().flat_map(|text| [piece(text), Step::Pause(millis)]);
    steps.chain([last("", "STOP"), Step::End]).collect()
}

/// The pieces with a gate after each, then the end.
fn gated(pieces: &[&str]) -> Vec<Step> {
    let steps = pieces.iter().flat_map(|text| [piece(text), Step::Gate]);
    steps.chain([last("", "STOP"), Step::End]).collect()
}

/// Lets Gemini go on each time when the stream has one more of these numbers of entries.
async fn go_on_at(kit: &Kit, script: &Script, reply: MessageId, numbers: impl IntoIterator<Item = usize>) {
    for number in numbers {
        has(kit, reply, number).await;
        script.go_on();
    }
}

/// What comes into a stream until its end, and when.
async fn watched(kit: &Kit, reply: MessageId) -> Vec<(LiveEntry, Instant)> {
    let mut follower = kit.stack.cache().follower(reply);
    let (mut after, mut seen) = (LiveId::START, Vec::new());
    while after != LiveId::END {
        let entries = follower.next(after, Duration::from_secs(10)).await.unwrap();
        after = entries.last().expect("an entry within ten seconds").id;
        seen.extend(entries.into_iter().map(|entry| (entry, Instant::now())));
    }
    seen
}

pub(crate) async fn entries(kit: &Kit, reply: MessageId) -> Vec<LiveEntry> {
    kit.stack.cache().live_entries(reply).await.unwrap()
}

/// Returns when the stream has this many entries.
pub(crate) async fn has(kit: &Kit, reply: MessageId, number: usize) {
    let began = Instant::now();
    while entries(kit, reply).await.len() < number {
        assert!(began.elapsed() < Duration::from_secs(20), "not {number} entries: {:?}", entries(kit, reply).await);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Far longer than an attempt needs to notice that it must stop, and far shorter than its answer would last.
const SOON: Duration = Duration::from_secs(10);

/// The entries as `(id, kind, text)`.
fn shown(entries: &[LiveEntry]) -> Vec<(String, &'static str, &str)> {
    entries.iter().map(|entry| (entry.id.to_string(), entry.kind.as_str(), entry.text.as_str())).collect()
}

/// The text that somebody sees who read all of the entries.
pub(crate) fn text(entries: &[LiveEntry]) -> String {
    let mut text = String::new();
    for entry in entries {
        match entry.kind {
            LiveKind::Delta => text.push_str(&entry.text),
            LiveKind::Snapshot | LiveKind::Waiting => text.clone_from(&entry.text),
            LiveKind::End => {}
        }
    }
    text
}

async fn claim(kit: &Kit, room: ChatroomId) -> i32 {
    match replies::claim(&kit.db, room, Duration::from_secs(60), kit.stack.clock.now()).await.unwrap() {
        Claim::Claimed(attempt) => attempt.number,
        other => panic!("{other:?}"),
    }
}

fn entry(attempt: u64, number: u64, kind: LiveKind, text: &str) -> LiveEntry {
    LiveEntry { id: LiveId { attempt, number }, kind, text: text.into() }
}

#[tokio::test]
async fn each_piece_is_in_the_stream_while_the_answer_is_written() {
    // Gemini goes on only when the piece before is in the stream.
    let (kit, script, jobs) = kit(vec![gated(&["Tea ", "is ", "hot."])], &[]).await;
    let reply = jobs[0].1;
    let (again, seen, ()) =
        tokio::join!(kit.work(&jobs), watched(&kit, reply), go_on_at(&kit, &script, reply, [2, 3, 4]));
    assert!(again.is_empty());
    let entries: Vec<_> = seen.into_iter().map(|(entry, _)| entry).collect();
    let expected = [
        ("1-1", "snapshot", ""),
        ("1-2", "delta", "Tea "),
        ("1-3", "delta", "is "),
        ("1-4", "delta", "hot."),
        ("4294967295-0", "end", ""),
    ];
    assert_eq!(shown(&entries), expected.map(|(id, kind, text)| (id.to_owned(), kind, text)));
    assert_eq!(kit.reply(jobs[0].0, reply).await.content, "Tea is hot.");
}

#[tokio::test]
async fn the_first_piece_comes_at_once_and_the_next_ones_at_most_twenty_times_a_second() {
    let pieces = vec!["茶 🍵 "; 60];
    // The next piece comes when the first one is in the stream, before a gap is over.
    let steps = [vec![piece(pieces[0]), Step::Gate], dripping(&pieces[1..], 8)].concat();
    let (kit, script, jobs) = kit(vec![steps], &[]).await;
    let reply = jobs[0].1;
    let (_, seen, ()) = tokio::join!(kit.work(&jobs), watched(&kit, reply), go_on_at(&kit, &script, reply, [2]));
    let entries: Vec<_> = seen.iter().map(|(entry, _)| entry.clone()).collect();
    let deltas: Vec<_> = entries.iter().filter(|entry| entry.kind == LiveKind::Delta).collect();
    assert_eq!(deltas[0].text, pieces[0], "the first piece waits for no other");
    let time = seen[seen.len() - 1].1 - seen[0].1;
    let most = usize::try_from(time.as_millis()).unwrap() / 50 + 2;
    assert!((2..=most).contains(&deltas.len()), "{} writes in {time:?}", deltas.len());
    let row = kit.reply(jobs[0].0, reply).await.content;
    assert!(row.starts_with(&text(&entries)) && row == pieces.concat());
}

#[tokio::test]
async fn between_two_attempts_there_is_no_text_and_the_second_begins_anew() {
    let broken = vec![piece("old"), Step::Gate];
    let (kit, script, jobs) = kit(vec![broken, gated(&["new"])], &[]).await;
    let reply = jobs[0].1;
    let (again, ()) = tokio::join!(kit.work(&jobs), go_on_at(&kit, &script, reply, [2]));
    assert_eq!(again.len(), 1);
    let failed = [("1-1", "snapshot", ""), ("1-2", "delta", "old"), ("1-3", "waiting", "")];
    assert_eq!(shown(&entries(&kit, reply).await), failed.map(|(id, kind, text)| (id.to_owned(), kind, text)));

    kit.stack.clock.advance(Duration::from_secs(5));
    let (again, ()) = tokio::join!(kit.work(&jobs), go_on_at(&kit, &script, reply, [5]));
    assert!(again.is_empty());
    let second = [("2-1", "snapshot", ""), ("2-2", "delta", "new"), ("4294967295-0", "end", "")];
    assert_eq!(shown(&entries(&kit, reply).await[3..]), second.map(|(id, kind, text)| (id.to_owned(), kind, text)));
}

#[tokio::test]
async fn an_attempt_that_was_overtaken_writes_and_ends_nothing() {
    let silent = vec![piece("old"), Step::Open];
    let more = vec![vec![Step::Pause(30), piece(" and older")]; 2_000].concat();
    let writing = [vec![piece("old")], more].concat();
    for steps in [silent, writing] {
        let (kit, script, jobs) = kit(vec![steps], &[]).await;
        let (room, reply) = jobs[0];
        let newer = async {
            has(&kit, reply, 2).await;
            kit.stack.clock.advance(Duration::from_secs(60));
            assert_eq!(claim(&kit, room).await, 2);
            kit.stack.cache().publish(reply, &entry(2, 1, LiveKind::Snapshot, "new")).await.unwrap();
            Instant::now()
        };
        let (_, overtaken_at) = tokio::join!(kit.work(&jobs), newer);
        assert!(overtaken_at.elapsed() < SOON, "read on for {:?}", overtaken_at.elapsed());
        let newest = entries(&kit, reply).await.pop().unwrap();
        assert_eq!(newest, entry(2, 1, LiveKind::Snapshot, "new"));
        let row = kit.reply(room, reply).await;
        assert_eq!((row.state, row.content.as_str()), (ReplyState::Generating, ""));
        drop(script);
    }
}

#[tokio::test]
async fn a_cancel_stops_the_attempt_and_what_was_written_is_kept() {
    let silent = vec![piece("Tea "), Step::Open];
    let more = vec![vec![Step::Pause(20), piece("and ")]; 3_000].concat();
    let writing = [vec![piece("Tea ")], more].concat();
    for steps in [silent, writing] {
        let (kit, _script, jobs) = kit(vec![steps], &[]).await;
        let (room, reply) = jobs[0];
        let cancel = async {
            has(&kit, reply, 2).await;
            let cancelled = replies::cancel(&kit.db, kit.user, room, reply, "", FreeCancels(5), kit.stack.clock.now());
            assert!(matches!(cancelled.await.unwrap(), Cancel::Cancelled(..)));
            kit.stack.cache().reply_ended(room, reply).await.unwrap();
            Instant::now()
        };
        let (again, cancelled_at) = tokio::join!(kit.work(&jobs), cancel);
        assert!(cancelled_at.elapsed() < SOON, "after {:?}", cancelled_at.elapsed());
        assert!(again.is_empty());
        let row = kit.reply(room, reply).await;
        assert_eq!(row.state, ReplyState::Cancelled);
        assert!(row.content.starts_with("Tea "), "{}", row.content);
        assert_eq!(entries(&kit, reply).await.pop().unwrap().kind, LiveKind::End);
    }
}

#[tokio::test]
async fn redis_alone_stops_no_attempt() {
    let (kit, script, jobs) = kit(vec![gated(&["Tea is hot."])], &[]).await;
    let ends = async {
        has(&kit, jobs[0].1, 2).await;
        kit.stack.cache().replies_deleted(&[jobs[0].1]).await.unwrap();
        script.go_on();
    };
    let (again, ()) = tokio::join!(kit.work(&jobs), ends);
    let row = kit.reply(jobs[0].0, jobs[0].1).await;
    assert_eq!((row.state, row.content.as_str()), (ReplyState::Completed, "Tea is hot."));
    assert_eq!((again.len(), script.asked().len()), (0, 1));
}

#[tokio::test]
async fn a_text_that_a_filter_stopped_is_taken_back() {
    let steps = vec![piece("No way "), Step::Gate, last("to say", "SAFETY"), Step::Open];
    let (kit, script, jobs) = kit(vec![steps], &[]).await;
    let reply = jobs[0].1;
    let (_, seen, ()) = tokio::join!(kit.work(&jobs), watched(&kit, reply), go_on_at(&kit, &script, reply, [2]));
    let entries: Vec<_> = seen.into_iter().map(|(entry, _)| entry).collect();
    let expected = [("1-1", "snapshot", ""), ("1-2", "delta", "No way "), ("1-3", "snapshot", "")];
    assert_eq!(shown(&entries[..3]), expected.map(|(id, kind, text)| (id.to_owned(), kind, text)));
    assert_eq!(kit.reply(jobs[0].0, jobs[0].1).await.content, "");
}

#[tokio::test]
async fn the_text_of_another_model_begins_anew() {
    let gone = Step::Event("{\"error\":{\"code\":404,\"status\":\"NOT_FOUND\"}}".into());
    let calls = vec![vec![piece("old text"), Step::Gate, gone], gated(&["new text, and longer"])];
    let (kit, script, jobs) = kit(calls, &[("GEMINI_FALLBACK_MODEL", "gemini-other")]).await;
    let reply = jobs[0].1;
    let (_, seen, ()) = tokio::join!(kit.work(&jobs), watched(&kit, reply), go_on_at(&kit, &script, reply, [2, 3]));
    let entries: Vec<_> = seen.into_iter().map(|(entry, _)| entry).collect();
    assert!(text(&entries[..2]) == "old text" && text(&entries) == "new text, and longer", "{entries:?}");
}

#[tokio::test]
async fn the_text_of_a_last_worker_that_died_is_kept_and_charged() {
    for (attempt, kept) in [(5, Some("Tea is")), (4, None)] {
        let (kit, _script, jobs) = kit(vec![vec![]], &[]).await;
        let (room, reply) = jobs[0];
        for number in 1..=5 {
            assert_eq!(claim(&kit, room).await, number);
            kit.stack.clock.advance(Duration::from_secs(60));
        }
        let written = [("Milk", LiveKind::Snapshot), ("Tea ", LiveKind::Snapshot), ("is", LiveKind::Delta)];
        for (number, (text, kind)) in (1..).zip(written) {
            kit.stack.cache().publish(reply, &entry(attempt, number, kind, text)).await.unwrap();
        }
        assert!(kit.work(&jobs).await.is_empty());
        let row = kit.reply(room, reply).await;
        let end = match kept {
            Some(_) => (ReplyState::Truncated, None),
            None => (ReplyState::Failed, Some(ReplyError::AttemptsExhausted)),
        };
        assert_eq!((row.state, row.error), end);
        assert_eq!((row.content.as_str(), kit.used().await), (kept.unwrap_or_default(), i32::from(kept.is_some())));
        assert_eq!(entries(&kit, reply).await.pop().unwrap().kind, LiveKind::End);
    }
}
