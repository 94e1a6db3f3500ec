//! The events of a stream. A client sets its text at `snapshot` and `done`, and appends at `delta`.

use std::time::Duration;

use axum::response::sse::Event;
use serde::Serialize;
use shared::cache::LiveId;
use shared::chat::{AcceptedView, MessageView};
use shared::domain::MessageId;
use utoipa::ToSchema;

use crate::text::{Change, Delta, Snapshot};

/// After this pause a browser opens a stream again that has ended.
const AGAIN: Duration = Duration::from_secs(1);
/// The pause of a browser whose page did not close a stream that has nothing more to tell.
const NEVER: Duration = Duration::from_hours(1);
/// The pause of one whose user has too many streams: those must not displace one another each second.
const DISPLACED: Duration = Duration::from_mins(1);

/// Why the server ends a stream before the reply has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = StreamClosingReason)]
pub(crate) enum Reason {
    /// Its time is over. Resume it.
    Time,
    /// The user has newer streams, as many as are allowed.
    Replaced,
    /// The reply was deleted, or the account.
    Gone,
}

/// Why the server ends the stream before the reply has ended.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = StreamClosing)]
pub(crate) struct Closing {
    reason: Reason,
}

/// The data of an event, by its name: `snapshot`, `delta`, `done` (the message), `closing`.
#[derive(ToSchema)]
#[serde(untagged)]
#[schema(as = ReplyEvent)]
#[expect(dead_code, reason = "it is only described")]
pub(crate) enum ReplyEvent {
    Snapshot(Snapshot),
    Delta(Delta),
    Done(MessageView),
    Closing(Closing),
}

/// The first event of a send.
pub(crate) fn accepted(accepted: &AcceptedView) -> Event {
    data(Event::default().event("accepted"), accepted)
}

/// The pause before a lost stream is opened again.
pub(crate) fn retry() -> Event {
    Event::default().retry(AGAIN)
}

/// Nothing new.
pub(crate) fn alive() -> Event {
    Event::default().comment("alive")
}

/// An event's id: its entry's, and a part of the reply's, so that an id of another reply is none of this one.
fn id(reply: MessageId, id: LiveId) -> String {
    format!("{id}.{}", tag(reply))
}

/// The entry of an event's id; `None` if it is none of this reply.
pub(crate) fn entry(reply: MessageId, id: &str) -> Option<LiveId> {
    let (entry, of) = id.split_once('.')?;
    entry.parse().ok().filter(|_| of == tag(reply))
}

/// The end of the reply's id, which is random.
fn tag(reply: MessageId) -> String {
    reply.to_string().chars().skip(28).collect()
}

/// A change of the text; `None` for the end, which needs the row.
pub(crate) fn change(reply: MessageId, entry: LiveId, change: &Change) -> Option<Event> {
    let event = Event::default().id(id(reply, entry));
    match change {
        Change::Snapshot(snapshot) => Some(data(event.event("snapshot"), snapshot)),
        Change::Delta(delta) => Some(data(event.event("delta"), delta)),
        Change::End => None,
    }
}

/// The end: the message as `GET` returns it.
pub(crate) fn done(message: &MessageView) -> Event {
    data(Event::default().id(id(message.id, LiveId::END)).event("done").retry(NEVER), message)
}

/// The server ends the stream.
pub(crate) fn closing(reason: Reason) -> Event {
    let event = match reason {
        Reason::Time => Event::default(),
        Reason::Replaced => Event::default().retry(DISPLACED),
        Reason::Gone => Event::default().retry(NEVER),
    };
    data(event.event("closing"), &Closing { reason })
}

/// An event with JSON, which is one line.
fn data(event: Event, value: &impl Serialize) -> Event {
    event.data(serde_json::to_string(value).unwrap_or_default())
}
