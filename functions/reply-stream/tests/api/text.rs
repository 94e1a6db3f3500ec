//! What entries mean for a client, without any of the stores.

use reply_stream::text::{Change, Delta, Snapshot, catch_up, merge};
use shared::cache::{LiveEntry, LiveId, LiveKind};
use shared::domain::ReplyState;

fn entry(attempt: u64, number: u64, kind: LiveKind, text: &str) -> LiveEntry {
    LiveEntry { id: LiveId { attempt, number }, kind, text: text.into() }
}

fn snapshot(attempt: u64, content: &str) -> Change {
    Change::Snapshot(Snapshot { attempt, state: ReplyState::Generating, content: content.into() })
}

fn delta(content: &str) -> Change {
    Change::Delta(Delta { content: content.into() })
}

#[test]
fn entries_make_one_change() {
    use LiveKind::{Delta, End, Snapshot, Waiting};
    let id = |attempt, number| LiveId { attempt, number };
    let begin = entry(1, 1, Snapshot, "");
    let (a, b) = (entry(1, 2, Delta, "a"), entry(1, 3, Delta, "b"));
    let end = LiveEntry { id: LiveId::END, kind: End, text: String::new() };
    let of = |entries: &[&LiveEntry]| merge(&entries.iter().map(|entry| (*entry).clone()).collect::<Vec<_>>());
    assert_eq!(of(&[]), None);
    assert_eq!(of(&[&a]), Some((id(1, 2), delta("a"))));
    assert_eq!(of(&[&a, &b]), Some((id(1, 3), delta("ab"))));
    assert_eq!(of(&[&begin, &a, &b]), Some((id(1, 3), snapshot(1, "ab"))));
    assert_eq!(of(&[&a, &entry(2, 1, Snapshot, ""), &entry(2, 2, Delta, "c")]), Some((id(2, 2), snapshot(2, "c"))));
    let waiting = reply_stream::text::Snapshot { attempt: 1, state: ReplyState::Pending, content: String::new() };
    assert_eq!(of(&[&a, &entry(1, 4, Waiting, "")]), Some((id(1, 4), Change::Snapshot(waiting))));
    assert_eq!(of(&[&begin, &a, &end]), Some((LiveId::END, Change::End)));
}

#[test]
fn without_redis_a_client_keeps_what_it_has() {
    let last = LiveId { attempt: 1, number: 7 };
    assert_eq!(catch_up(None, Some(last), 1), (last, None));
    assert_eq!(catch_up(None, None, 1), (LiveId::START, None));
    for ahead in [LiveId { attempt: 2, number: 1 }, LiveId::END] {
        assert_eq!(catch_up(None, Some(ahead), 1), (LiveId::START, None), "{ahead} has not begun");
    }
    assert_eq!(catch_up(Some(&[]), Some(last), 1), (LiveId::START, None));
}

#[test]
fn a_client_never_goes_back_to_an_overtaken_attempt() {
    let stale = [entry(3, 1, LiveKind::Snapshot, "old")];
    let last = LiveId { attempt: 4, number: 2 };
    assert_eq!(catch_up(Some(&stale), Some(last), 4), (last, None));
    // An attempt that has not begun is none.
    assert_eq!(catch_up(Some(&stale), Some(last), 3), (stale[0].id, Some(snapshot(3, "old"))));
}
