//! What the entries of a reply's stream mean for a client that has some of them: one change, whatever they are.

use serde::Serialize;
use shared::cache::{LiveEntry, LiveId, LiveKind};
use shared::domain::ReplyState;
use utoipa::ToSchema;

/// What a client must do to its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Replace all of it.
    Snapshot(Snapshot),
    /// Append to it.
    Delta(Delta),
    /// Replace it by the row's, which is final.
    End,
}

/// All text of an attempt so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ReplySnapshot)]
pub struct Snapshot {
    /// The attempt, from 1; 0 if none has begun that is known of.
    #[schema(value_type = u32, example = 1)]
    pub attempt: u64,
    /// `generating`, or `pending` while none runs.
    pub state: ReplyState,
    /// The text.
    #[schema(example = "Begin in Alfama")]
    pub content: String,
}

/// A piece of text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReplyDelta)]
pub struct Delta {
    /// What is appended.
    #[schema(example = " before ten,")]
    pub content: String,
}

/// The one change that all these entries make, and the id of the newest one. `None` if there are none.
pub fn merge(entries: &[LiveEntry]) -> Option<(LiveId, Change)> {
    let newest = entries.last()?.id;
    let mut change: Option<Change> = None;
    for LiveEntry { id, kind, text } in entries {
        let snapshot = |state| Snapshot { attempt: id.attempt, state, content: text.clone() };
        change = match (kind, change.take()) {
            (LiveKind::End, _) => return Some((LiveId::END, Change::End)),
            (LiveKind::Snapshot, _) => Some(Change::Snapshot(snapshot(ReplyState::Generating))),
            (LiveKind::Waiting, _) => Some(Change::Snapshot(snapshot(ReplyState::Pending))),
            (LiveKind::Delta, Some(Change::Snapshot(mut so_far))) => {
                so_far.content.push_str(text);
                Some(Change::Snapshot(so_far))
            }
            (LiveKind::Delta, Some(Change::Delta(mut so_far))) => {
                so_far.content.push_str(text);
                Some(Change::Delta(so_far))
            }
            (LiveKind::Delta, _) => Some(Change::Delta(Delta { content: text.clone() })),
        };
    }
    change.map(|change| (newest, change))
}

/// Where a client goes on whose newest event is `last`, and the change that takes it there. `entries` is what the stream
/// holds, `None` without Redis; `attempt` is the row's, the newest that has begun.
///
/// A `last` that is none of them may be of a stream that was lost: the client gets everything then. If the newest entry is of
/// an earlier attempt than `last`, an overtaken worker has written to an empty stream: the client keeps what it has.
pub fn catch_up(entries: Option<&[LiveEntry]>, last: Option<LiveId>, attempt: u64) -> (LiveId, Option<Change>) {
    let Some(entries) = entries else {
        // An attempt that has not begun is none: a stream that goes on behind it would never tell anything.
        return (last.filter(|last| last.attempt <= attempt).unwrap_or(LiveId::START), None);
    };
    let known = last.and_then(|last| entries.iter().position(|entry| entry.id == last));
    let is_older = |last: &LiveId| {
        entries.last().is_some_and(|newest| newest.id.attempt < last.attempt && last.attempt <= attempt)
    };
    let (from, missing) = match (known, last) {
        (Some(place), Some(last)) => (last, &entries[place + 1..]),
        (None, Some(last)) if is_older(&last) => (last, &entries[..0]),
        _ => (LiveId::START, entries),
    };
    merge(missing).map_or((from, None), |(id, change)| (id, Some(change)))
}
