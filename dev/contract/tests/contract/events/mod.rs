//! Every recorded event is handed to its function as AWS does, and answered as it should be.

mod auth;
mod background;
mod billing;
mod chatroom;
mod cloudformation;
mod ops;
mod user;

use std::collections::BTreeSet;

use axum::Router;
use axum::body::{Bytes, to_bytes};
use http::StatusCode;
use serde_json::Value;
use tower::ServiceExt;

use crate::routes::events_of;

/// A function's router and the events that it was not handed yet.
struct Replay {
    router: Router,
    left: BTreeSet<String>,
}

impl Replay {
    fn of(function: &str, router: Router) -> Self {
        Self { router, left: events_of(function) }
    }

    /// Hands over an event with the recorded values replaced, and answers the body, if its status is the one expected.
    async fn send(&mut self, name: &str, changes: &[(&str, &str)], status: u16) -> Value {
        let (is, bytes) = self.answer(name, changes).await;
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).expect("JSON") };
        assert_eq!(is, status, "{name}: {body}");
        body
    }

    /// Hands over an event that is answered with a page, and finds `part` in it.
    async fn page(&mut self, name: &str, part: &str) {
        let (status, bytes) = self.answer(name, &[]).await;
        let page = String::from_utf8_lossy(&bytes);
        assert!(status == 200 && page.contains(part), "{name}: {status} {page}");
    }

    async fn answer(&mut self, name: &str, changes: &[(&str, &str)]) -> (StatusCode, Bytes) {
        self.left.remove(name);
        let request = testkit::request(&testkit::event(name, changes));
        let (parts, body) = self.router.clone().oneshot(request).await.expect("routers do not fail").into_parts();
        (parts.status, to_bytes(body, usize::MAX).await.expect("a body"))
    }

    /// Every event of the function has been handed over.
    fn done(self) {
        assert!(self.left.is_empty(), "not handed over: {:?}", self.left);
    }
}

/// A field's text.
fn text<'a>(body: &'a Value, field: &str) -> &'a str {
    body[field].as_str().unwrap_or_else(|| panic!("no {field} in {body}"))
}
