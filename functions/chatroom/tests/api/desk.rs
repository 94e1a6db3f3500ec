//! A user with rooms, and a worker that ends replies as the test says.

use std::time::Duration;

use http::Method;
use serde_json::json;
use shared::db::replies::{self, Attempt, Claim, Outcome};
use shared::domain::{ChatroomId, ReplyError, ReplyState};
use testkit::{Answer, Stack, TestApi, User};

const LEASE: Duration = Duration::from_secs(45);

pub(crate) struct Desk {
    pub(crate) api: TestApi,
    pub(crate) user: User,
}

impl Desk {
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let mut stack = Stack::start().await;
        for (name, value) in settings {
            stack = stack.with(name, *value);
        }
        let api = TestApi::on(stack, chatroom::router);
        let user = api.signed_in().await;
        Self { api, user }
    }

    /// Makes a room and returns its path.
    pub(crate) async fn room(&self) -> String {
        format!("/chatroom/{}", self.user.post("/chatroom", json!({})).await.id())
    }

    pub(crate) async fn rooms(&self, many: usize) -> Vec<String> {
        let mut rooms = Vec::new();
        for _ in 0..many {
            rooms.push(self.room().await);
        }
        rooms
    }

    pub(crate) async fn send(&self, room: &str) -> Answer {
        self.user.post(&format!("{room}/message"), json!({ "content": "hi" })).await
    }

    /// A send with an idempotency key.
    pub(crate) async fn send_once(&self, room: &str, key: &str) -> Answer {
        let headers = [("idempotency-key", key)];
        self.user.json(Method::POST, &format!("{room}/message"), &headers, json!({ "content": "hi" })).await
    }

    /// Sends, and cancels at once. Returns the status of the send.
    pub(crate) async fn send_and_cancel(&self, room: &str) -> u16 {
        let sent = self.send(room).await;
        if sent.status() == 202 {
            let cancelled = self.user.post(&format!("{}/cancel", sent.location()), json!(null)).await;
            assert_eq!(cancelled.body()["state"], "cancelled");
        }
        sent.status()
    }

    /// Begins an attempt at the room's first unfinished reply.
    pub(crate) async fn claim(&self, room: &str) -> Attempt {
        let (db, now) = (self.api.stack.db(), self.api.stack.clock.now());
        match replies::claim(&db, id(room), LEASE, now).await.unwrap() {
            Claim::Claimed(attempt) => *attempt,
            other => panic!("{other:?}"),
        }
    }

    /// Lets the lease of a running attempt lapse, as if its worker had been killed.
    pub(crate) fn lose_the_worker(&self) {
        self.api.stack.clock.advance(LEASE);
    }

    /// Ends the attempt at the room's first reply.
    pub(crate) async fn finish(&self, room: &str, end: &Outcome) {
        let attempt = self.claim(room).await;
        let (db, now) = (self.api.stack.db(), self.api.stack.clock.now());
        assert!(replies::finish(&db, attempt.reply, attempt.number, end, now).await.unwrap());
    }

    /// Ends the attempt at the room's first reply; the next one is due at once.
    pub(crate) async fn postpone(&self, room: &str, end: &Outcome) {
        let attempt = self.claim(room).await;
        let (db, now) = (self.api.stack.db(), self.api.stack.clock.now());
        assert!(replies::postpone(&db, attempt.reply, attempt.number, end, now, now).await.unwrap());
    }

    /// What today's allowance has used; 0 if there is none.
    pub(crate) async fn used(&self) -> i32 {
        let sql = "select coalesce(sum(used), 0)::int from allowances where day = $1";
        self.api.stack.sql().await.query_one(sql, &[&self.api.stack.clock.now().day()]).await.unwrap().get(0)
    }
}

pub(crate) fn id(room: &str) -> ChatroomId {
    room.rsplit('/').next().unwrap().parse().unwrap()
}

/// An end with a text.
pub(crate) fn ended(state: ReplyState, text: &str) -> Outcome {
    Outcome { state, content: text.into(), error: None, ..Outcome::failed(ReplyError::EmptyAnswer) }
}
