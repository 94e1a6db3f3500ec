//! Sends a response body piece by piece, and notices if the client disconnects.

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::calls::CallGuard;

/// The size at which an endless answer ends.
const HUGE_BYTES: usize = 50 * 1024 * 1024;
const HUGE_PIECE: usize = 64 * 1024;

/// What to send, and how.
pub(crate) struct Plan {
    /// The events. Each is one JSON document, or invalid JSON on purpose.
    pub(crate) events: Vec<String>,
    /// The pause before each event except the first.
    pub(crate) drip: Duration,
    /// Whether the connection breaks after the events.
    pub(crate) cut: bool,
}

struct Sending {
    plan: Plan,
    next: usize,
    guard: CallGuard,
}

/// The server-sent events of `plan`.
pub(crate) fn events(plan: Plan, guard: CallGuard) -> Response {
    let sending = Sending { plan, next: 0, guard };
    let body = stream::unfold(sending, |mut sending| async move {
        let Some(event) = sending.plan.events.get(sending.next).cloned() else {
            let cut = sending.plan.cut && sending.next == sending.plan.events.len();
            sending.guard.end(if cut { "cut" } else { "complete" });
            sending.next += 1;
            return cut.then(|| (Err(io::Error::from(io::ErrorKind::ConnectionReset)), sending));
        };
        if sending.next > 0 && !sending.plan.drip.is_zero() {
            tokio::time::sleep(sending.plan.drip).await;
        }
        sending.next += 1;
        Some((Ok(event_bytes(&event)), sending))
    });
    // A server joins events that are ready at the same time. A yield between them keeps them apart.
    event_stream(Body::from_stream(yielding(body)))
}

/// Endless text, up to 50 MB.
pub(crate) fn huge(mut chunk: impl FnMut(&str) -> Value + Send + 'static, guard: CallGuard) -> Response {
    let piece = "all work and no play ".repeat(HUGE_PIECE / 21);
    let body = stream::unfold((0_usize, guard), move |(sent, mut guard)| {
        let next = (sent < HUGE_BYTES).then(|| event_bytes(&chunk(&piece).to_string()));
        async move {
            let Some(event) = next else {
                guard.end("complete");
                return None;
            };
            let sent = sent + event.len();
            Some((Ok::<_, io::Error>(event), (sent, guard)))
        }
    });
    event_stream(Body::from_stream(body))
}

/// The first half of one JSON document; then the connection breaks, or the body just ends.
pub(crate) fn half(document: &str, cut: bool, mut guard: CallGuard) -> Response {
    let half: String = document.chars().take(document.chars().count() / 2).collect();
    guard.end(if cut { "cut" } else { "complete" });
    let end = cut.then(|| Err(io::Error::from(io::ErrorKind::ConnectionReset)));
    let pieces = std::iter::once(Ok(Bytes::from(half))).chain(end);
    ([(CONTENT_TYPE, "application/json")], Body::from_stream(yielding(stream::iter(pieces)))).into_response()
}

fn yielding<T>(body: impl stream::Stream<Item = T>) -> impl stream::Stream<Item = T> {
    use futures_util::StreamExt;
    body.then(|item| async move {
        tokio::task::yield_now().await;
        item
    })
}

fn event_bytes(event: &str) -> Bytes {
    Bytes::from(format!("data: {event}\r\n\r\n"))
}

fn event_stream(body: Body) -> Response {
    ([(CONTENT_TYPE, "text/event-stream")], body).into_response()
}
