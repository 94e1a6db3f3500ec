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
use axum::body::to_bytes;
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
        self.left.remove(name);
        let request = testkit::request(&testkit::event(name, changes));
        let (parts, body) = self.router.clone().oneshot(request).await.expect("routers do not fail").into_parts();
        let bytes = to_bytes(body, usize::MAX).await.expect("a body");
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).expect("JSON") };
        assert_eq!(parts.status, status, "{name}: {body}");
        body
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
