//! A user with a room, a writer that writes a reply as the test says, and clients that follow it.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, BodyDataStream};
use futures_util::StreamExt;
use http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use shared::cache::{Cache, LiveEntry, LiveId, LiveKind, Published};
use shared::db::replies::{self, Claim, Outcome};
use shared::domain::{ChatroomId, MessageId, ReplyError, ReplyState};
use testkit::{Answer, Stack, TestApi, User};
use tower::ServiceExt;

/// If a stream says nothing for so long, it has failed.
const PATIENCE: Duration = Duration::from_secs(20);
const LEASE: Duration = Duration::from_secs(45);

/// A user's room with a reply that waits for its first attempt.
pub(crate) struct Kit {
    pub(crate) api: TestApi,
    pub(crate) user: User,
    pub(crate) room: ChatroomId,
    pub(crate) reply: MessageId,
    pub(crate) cache: Cache,
}

impl Kit {
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let mut stack = Stack::start().await;
        for (name, value) in settings {
            stack = stack.with(name, *value);
        }
        let api = TestApi::on(stack, reply_stream::router);
        let user = api.signed_in().await;
        let rooms = user.at(api.router_of(chatroom::router));
        let room = rooms.post("/chatroom", json!({})).await.id().parse().unwrap();
        let sent = rooms.post(&format!("/chatroom/{room}/message"), json!({ "content": "hi" })).await;
        let reply = sent.body()["reply"]["id"].as_str().unwrap().parse().unwrap();
        let cache = api.stack.cache();
        Self { api, user, room, reply, cache }
    }

    /// The path of the reply's events.
    pub(crate) fn events(&self) -> String {
        format!("/chatroom/{}/message/{}/events", self.room, self.reply)
    }

    /// Another function on the same stack.
    pub(crate) fn rooms(&self) -> User {
        self.user.at(self.api.router_of(chatroom::router))
    }

    /// Follows the reply from its beginning.
    pub(crate) async fn follow(&self) -> Client {
        self.resume(&self.user, None).await
    }

    /// Follows the reply as `user`, after the event of an entry.
    pub(crate) async fn resume(&self, user: &User, last: Option<&str>) -> Client {
        self.request(user, last.map(|last| format!("{last}{}", self.tag()))).await
    }

    /// Follows the reply as `user`, after an event with this id.
    pub(crate) async fn resume_at(&self, user: &User, last: &str) -> Client {
        self.request(user, Some(last.to_owned())).await
    }

    async fn request(&self, user: &User, last: Option<String>) -> Client {
        let mut request = Request::get(self.events()).header("authorization", format!("Bearer {}", user.token()));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        Client::open(self.api.router_of(reply_stream::router), request.body(Body::empty()).unwrap()).await
    }

    /// What follows an entry's id in the ids of the reply's events.
    pub(crate) fn tag(&self) -> String {
        format!(".{}", &self.reply.to_string()[28..])
    }

    /// Opens an address, of which the streaming door's begin is left out.
    pub(crate) async fn open(&self, address: &str) -> Client {
        let path = address.trim_start_matches("https://stream.example.com");
        Client::open(self.api.router_of(reply_stream::router), Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Begins an attempt at the reply. Returns its number.
    pub(crate) async fn claim(&self) -> i32 {
        let (db, now) = (self.api.stack.db(), self.api.stack.clock.now());
        match replies::claim(&db, self.room, LEASE, now).await.unwrap() {
            Claim::Claimed(attempt) => attempt.number,
            other => panic!("{other:?}"),
        }
    }

    /// Writes an entry of the reply's stream.
    pub(crate) async fn write(&self, id: (u64, u64), kind: LiveKind, text: &str) -> Published {
        let id = LiveId { attempt: id.0, number: id.1 };
        self.cache.publish(self.reply, &LiveEntry { id, kind, text: text.to_owned() }).await.unwrap()
    }

    /// Stores the end of an attempt, and tells nobody.
    pub(crate) async fn store_end(&self, attempt: i32, text: &str) {
        let (db, now) = (self.api.stack.db(), self.api.stack.clock.now());
        let (state, content) = (ReplyState::Completed, text.to_owned());
        let end = Outcome { state, content, error: None, ..Outcome::failed(ReplyError::EmptyAnswer) };
        assert!(replies::finish(&db, self.reply, attempt, &end, now).await.unwrap());
    }

    /// Ends an attempt, and tells everybody.
    pub(crate) async fn finish(&self, attempt: i32, text: &str) {
        self.store_end(attempt, text).await;
        self.cache.reply_ended(self.room, self.reply).await.unwrap();
    }

    /// The reply as the API tells it.
    pub(crate) async fn message(&self) -> Value {
        self.rooms().get(&format!("/chatroom/{}/message/{}", self.room, self.reply)).await.body()
    }
}

/// An event as it arrived.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) data: Value,
    pub(crate) retry: String,
}

/// A client that reads a stream as a browser does.
pub(crate) struct Client {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    path: String,
    body: BodyDataStream,
    arrived: String,
    /// How many comments came.
    pub(crate) comments: usize,
}

impl Client {
    pub(crate) async fn open(router: Router, request: Request<Body>) -> Self {
        let path = request.uri().path().to_owned();
        let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
        let body = body.into_data_stream();
        Self { status: parts.status, headers: parts.headers, path, body, arrived: String::new(), comments: 0 }
    }

    /// The next event with data; `None` when the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            let Some((block, rest)) = self.arrived.split_once("\n\n") else {
                let piece = tokio::time::timeout(PATIENCE, self.body.next()).await.expect("a stream that goes on")?;
                self.arrived += std::str::from_utf8(&piece.unwrap()).unwrap();
                continue;
            };
            let (block, rest) = (block.to_owned(), rest.to_owned());
            self.arrived = rest;
            let mut event = Event::default();
            for line in block.lines() {
                match line.split_once(": ").unwrap_or((line, "")) {
                    ("event", name) => name.clone_into(&mut event.name),
                    ("id", id) => id.clone_into(&mut event.id),
                    ("retry", pause) => pause.clone_into(&mut event.retry),
                    ("data", data) => event.data = serde_json::from_str(data).unwrap(),
                    ("", _) => self.comments += 1,
                    other => panic!("{other:?}"),
                }
            }
            if !event.name.is_empty() {
                return Some(event);
            }
        }
    }

    /// The next event, which must have this name. Returns the entry's part of its id, and its data.
    pub(crate) async fn expect(&mut self, name: &str) -> (String, Value) {
        let event = self.next().await.expect("an event");
        assert_eq!(event.name, name, "{event:?}");
        (event.id.split('.').next().unwrap().to_owned(), event.data)
    }

    /// Asserts that the stream has ended.
    pub(crate) async fn has_ended(mut self) {
        assert_eq!(self.next().await, None);
    }

    /// The rest as an answer of the API: for refusals.
    pub(crate) async fn refusal(mut self) -> Answer {
        let mut bytes = Vec::new();
        while let Some(piece) = self.body.next().await {
            bytes.extend_from_slice(&piece.unwrap());
        }
        Answer { status: self.status, headers: self.headers, bytes, path: self.path }
    }
}
