//! Requests that wait for one another in a room: the later one sees the result of the earlier one, not the state from
//! before it waited.

use chatroom::router;
use http::Method;
use serde_json::{Value, json};
use shared::domain::MessageId;
use testkit::{Answer, TestApi, User};
use tokio::task::JoinHandle;
use tokio_postgres::Client;

/// A user with a room. The test locks the room's row, so that all requests wait in line.
struct Line {
    api: TestApi,
    user: User,
    room: String,
    holder: Client,
}

impl Line {
    /// Creates a room with one answered message, and leaves `left` messages of the day's allowance.
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

    /// Sends a request and returns when it waits behind the others.
    async fn joined(&self, method: Method, path: &str, body: Value) -> JoinHandle<Answer> {
        let (user, path) = (self.user.clone(), format!("{}{path}", self.room));
        self.api.stack.stalled(async move { user.json(method, &path, &[], body).await }).await
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
async fn a_send_that_loses_the_race_for_the_last_message_sees_that_none_is_left() {
    let line = Line::start(1).await;
    let one = line.joined(Method::POST, "/message", json!({ "content": "one" })).await;
    let other = line.joined(Method::POST, "/message", json!({ "content": "other" })).await;
    let [one, other] = line.released([one, other]).await;
    assert_eq!((one.status(), other.status()), (202, 429));
    assert_eq!((&other.body()["allowance"]["used"], &other.body()["allowance"]["remaining"]), (&json!(5), &json!(0)));
}

#[tokio::test]
async fn a_message_sent_just_before_its_room_is_deleted_is_refunded() {
    let line = Line::start(4).await;
    let sent = line.joined(Method::POST, "/message", json!({ "content": "hi" })).await;
    let deleted = line.joined(Method::DELETE, "", Value::Null).await;
    let [sent, deleted] = line.released([sent, deleted]).await;
    assert_eq!((sent.status(), deleted.status(), line.used().await), (202, 204, 1));
}

#[tokio::test]
async fn a_message_sent_just_after_its_room_is_deleted_is_not_charged() {
    let line = Line::start(4).await;
    let deleted = line.joined(Method::DELETE, "", Value::Null).await;
    let sent = line.joined(Method::POST, "/message", json!({ "content": "hi" })).await;
    let again = line.joined(Method::DELETE, "", Value::Null).await;
    let [deleted, sent, again] = line.released([deleted, sent, again]).await;
    assert_eq!((deleted.status(), sent.status(), again.status(), line.used().await), (204, 404, 404, 1));
}

#[tokio::test]
async fn a_room_of_an_account_that_is_being_deleted_is_refused_and_no_fault() {
    let api = TestApi::start(router).await;
    let user = api.signed_in().await;
    let deleting = api.stack.sql().await;
    deleting.batch_execute("begin; delete from users").await.unwrap();

    let creating = api.stack.stalled(async move { user.post("/chatroom", json!({})).await }).await;
    deleting.batch_execute("commit").await.unwrap();

    let refused = creating.await.unwrap();
    assert_eq!((refused.status(), refused.code().as_str()), (401, "unauthenticated"));
}

#[tokio::test]
async fn one_of_two_concurrent_regenerations_is_accepted() {
    let line = Line::start(4).await;
    let sql = "select id from messages where role = 'user'";
    let id: MessageId = line.holder.query_one(sql, &[]).await.unwrap().get(0);
    let path = format!("/message/{id}/regenerate");
    let one = line.joined(Method::POST, &path, Value::Null).await;
    let other = line.joined(Method::POST, &path, Value::Null).await;
    let [one, other] = line.released([one, other]).await;
    assert_eq!((one.status(), other.code().as_str(), line.used().await), (202, "reply_unfinished", 2));
}
