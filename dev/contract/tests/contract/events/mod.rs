//! Every recorded event is sent to its function as AWS sends it, and gets the right response.

mod auth;
mod background;
mod billing;
mod chatroom;
mod cloudformation;
mod ops;
mod reply_stream;
mod user;

use std::collections::BTreeSet;

use axum::Router;
use axum::body::{Bytes, to_bytes};
use http::StatusCode;
use serde_json::Value;
use tower::ServiceExt;

use crate::routes::{events_of, matches};

/// A function's router, and the events that were not sent to it yet.
struct Replay {
    router: Router,
    left: BTreeSet<String>,
}

impl Replay {
    fn of(function: &str, router: Router) -> Self {
        Self { router, left: events_of(function) }
    }

    /// Sends an event with some recorded values replaced, checks the status, and returns the body.
    async fn send(&mut self, name: &str, changes: &[(&str, &str)], status: u16) -> Value {
        let (is, bytes) = self.answer(name, changes).await;
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).expect("JSON") };
        assert_eq!(is, status, "{name}: {body}");
        body
    }

    /// Sends an event whose response is a stream, checks the status, and returns all of it.
    async fn text(&mut self, name: &str, changes: &[(&str, &str)], status: u16) -> String {
        let (is, bytes) = self.answer(name, changes).await;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert_eq!(is, status, "{name}: {text}");
        text
    }

    /// Sends an event whose response is a page, and checks that `part` is in it.
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

    /// Sends the events that are left. The contract must have each response's status for its route.
    async fn done(mut self) {
        let document = openapi::document();
        for name in std::mem::take(&mut self.left) {
            let event: Value = serde_json::from_str(&testkit::event(&name, &[])).expect("JSON");
            let http = &event["requestContext"]["http"];
            let (method, path) = (http["method"].as_str().unwrap().to_lowercase(), http["path"].as_str().unwrap());
            let paths = document["paths"].as_object().unwrap();
            let (_, operations) = paths.iter().find(|(route, _)| matches(route, path)).expect("a path of the contract");
            let (status, body) = self.answer(&name, &[]).await;
            let told = &operations[method]["responses"][status.as_str()];
            assert!(told.is_object(), "{name}: {status} is not in the contract: {body:?}");
        }
    }
}

/// A field's text.
fn text<'a>(body: &'a Value, field: &str) -> &'a str {
    body[field].as_str().unwrap_or_else(|| panic!("no {field} in {body}"))
}
