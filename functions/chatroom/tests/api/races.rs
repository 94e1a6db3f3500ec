//! Requests that wait for one another in a room: the later one goes by what the earlier one did, not by what it saw
//! before it waited.

use std::time::Duration;

use chatroom::router;
use http::Method;
use serde_json::{Value, json};
use testkit::{Answer, TestApi, User};
use tokio::task::JoinHandle;
use tokio_postgres::Client;

/// Somebody with a room whose row the test holds, so that whatever comes waits in line.
struct Line {
    api: TestApi,
    user: User,
    room: String,
    holder: Client,
}

impl Line {
    /// With a room that has one message, already answered, and the day's messages used up to `left`.
    async fn start(left: i32) -> Self {
        let api = TestApi::start(router).await;
        let user = api.signed_in().await;
        let room = format!("/chatroom/{}", user.post("/chatroom", json!({})).await.id());
        user.post(&format!("{room}/message"), json!({ "content": "hi" })).await;
        let holder = api.stack.sql().await;
        holder.batch_execute("update messages set state = 'completed' where role = 'assistant'").await.unwrap();
        holder.execute("update allowances set used = 5 - $1", &[&left]).await.unwrap();
        holder.batch_execute("begin; select from chatrooms for update").await.unwrap();
        Self { api, user, room, holder }
    }

    /// Sends a request and returns once it waits behind the others.
    async fn joined(&self, method: Method, path: &str, body: Value) -> JoinHandle<Answer> {
        let (waiting, user, path) = (self.waiting().await, self.user.clone(), format!("{}{path}", self.room));
        let request = tokio::spawn(async move { user.json(method, &path, &[], body).await });
        while self.waiting().await == waiting {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        request
    }

    async fn waiting(&self) -> i64 {
        let sql = "select count(*) from pg_locks l join pg_database d on d.oid = l.database or l.database is null
            join pg_stat_activity a using (pid) where a.datname = current_database() and not l.granted";
        self.api.stack.sql().await.query_one(sql, &[]).await.unwrap().get(0)
    }

    async fn released<const N: usize>(&self, requests: [JoinHandle<Answer>; N]) -> [Answer; N] {
        self.holder.batch_execute("commit").await.unwrap();
        let mut answers = Vec::new();
        for request in requests {
            answers.push(request.await.unwrap());
        }
        answers.try_into().unwrap()
    }

    async fn used(&self) -> i32 {
        self.holder.query_one("select used from allowances", &[]).await.unwrap().get(0)
    }
}

#[tokio::test]
async fn the_one_who_comes_too_late_for_the_last_message_is_told_that_none_is_left() {
    let line = Line::start(1).await;
    let one = line.joined(Method::POST, "/message", json!({ "content": "one" })).await;
    let other = line.joined(Method::POST, "/message", json!({ "content": "other" })).await;
    let [one, other] = line.released([one, other]).await;
    assert_eq!((one.status(), other.status()), (202, 429));
    assert_eq!((&other.body()["allowance"]["used"], &other.body()["allowance"]["remaining"]), (&json!(5), &json!(0)));
}

#[tokio::test]
async fn a_message_that_came_just_before_its_room_was_deleted_is_given_back() {
    let line = Line::start(4).await;
    let sent = line.joined(Method::POST, "/message", json!({ "content": "hi" })).await;
    let deleted = line.joined(Method::DELETE, "", Value::Null).await;
    let [sent, deleted] = line.released([sent, deleted]).await;
    assert_eq!((sent.status(), deleted.status(), line.used().await), (202, 204, 1));
}

#[tokio::test]
async fn a_message_that_came_just_after_its_room_was_deleted_is_not_charged() {
    let line = Line::start(4).await;
    let deleted = line.joined(Method::DELETE, "", Value::Null).await;
    let sent = line.joined(Method::POST, "/message", json!({ "content": "hi" })).await;
    let again = line.joined(Method::DELETE, "", Value::Null).await;
    let [deleted, sent, again] = line.released([deleted, sent, again]).await;
    assert_eq!((deleted.status(), sent.status(), again.status(), line.used().await), (204, 404, 404, 1));
}

#[tokio::test]
async fn of_two_wishes_for_another_reply_at_once_one_is_granted() {
    let line = Line::start(4).await;
    let sql = "select id::text from messages where role = 'user'";
    let id: String = line.holder.query_one(sql, &[]).await.unwrap().get(0);
    let path = format!("/message/{id}/regenerate");
    let one = line.joined(Method::POST, &path, Value::Null).await;
    let other = line.joined(Method::POST, &path, Value::Null).await;
    let [one, other] = line.released([one, other]).await;
    assert_eq!((one.status(), other.code().as_str(), line.used().await), (202, "reply_unfinished", 2));
}
