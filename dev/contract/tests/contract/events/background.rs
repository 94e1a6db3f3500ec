//! `gemini-worker`, `otp-sender` and `maintenance`

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use gemini_worker::Worker;
use maintenance::{Maintenance, Task};
use otp_sender::OtpSender;
use serde_json::json;
use standins::gemini::Gemini;
use testkit::{Stack, TestApi};

use super::billing::with_stripe;
use crate::routes::events_of;

const ROOM: &str = "019aaf6c-5c00-7a3e-9d51-3f0d8a1b2c01";
const REPLY: &str = "019aaf6c-5c00-7a3e-9d51-3f0d8a1b2c03";
const CHALLENGE: &str = "4c8f6a52-7a1e-4d0c-9a1b-6d2f1e0b9c06";

#[tokio::test]
async fn the_events_of_gemini_worker_are_answered() {
    let gemini = Gemini::start("127.0.0.1:0").unwrap();
    let stack = Stack::start().await.with("GEMINI_API_KEY", "key").with("GEMINI_BASE_URL", gemini.url());
    let api = TestApi::on(stack, chatroom::router);
    let worker = Worker::from_env(&api.stack.env(), api.stack.clock.clock()).unwrap();
    let user = api.signed_in().await;
    let room = user.post("/chatroom", json!({})).await.id();
    let mut left = events_of("gemini-worker");
    for name in ["gemini-worker-basic", "gemini-worker-pro"] {
        left.remove(name);
        let sent = user.post(&format!("/chatroom/{room}/message"), json!({ "content": "hello" })).await.body();
        let reply = sent["reply"]["id"].as_str().unwrap();
        let event = testkit::event(name, &[(ROOM, &room), (REPLY, reply)]);
        let answer = worker.handle(serde_json::from_str(&event).unwrap(), Duration::from_mins(1)).await;
        assert!(answer.batch_item_failures.is_empty(), "{name}: {answer:?}");
        let reply = user.get(&format!("/chatroom/{room}/message/{reply}")).await.body();
        assert_eq!(reply["state"], "completed", "{name}: {reply}");
    }
    assert!(left.is_empty(), "not sent: {left:?}");
}

#[tokio::test]
async fn the_events_of_otp_sender_are_answered() {
    let published: Arc<Mutex<Vec<String>>> = Arc::default();
    let sns = Router::new().route("/", post(publish)).with_state(published.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, sns).await });
    let api = TestApi::on(Stack::start().await.with("OTP_DELIVERY", "sns"), auth::router);
    let challenge = api.anyone().post("/auth/send-otp", json!({ "mobile": "+14155550123" })).await.body();
    assert_eq!(api.queued()[0].body, json!({ "challenge_id": challenge["challenge_id"] }));
    let stack = api.stack.with("AWS_ENDPOINT_URL", address);
    let sender = OtpSender::from_env(&stack.env(), stack.clock.clock()).unwrap();

    let event = testkit::event("otp-sender", &[(CHALLENGE, challenge["challenge_id"].as_str().unwrap())]);
    let answer = sender.handle(serde_json::from_str(&event).unwrap()).await;

    assert!(answer.batch_item_failures.is_empty(), "{answer:?}");
    let published = published.lock().unwrap();
    assert_eq!(published.len(), 1);
    assert!(published[0].contains("Action=Publish") && published[0].contains("14155550123"), "{published:?}");
    assert_eq!(events_of("otp-sender").len(), 1);
}

async fn publish(State(published): State<Arc<Mutex<Vec<String>>>>, call: String) -> &'static str {
    published.lock().unwrap().push(call);
    "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>"
}

#[tokio::test]
async fn the_events_of_maintenance_are_answered() {
    let (stack, _stripe) = with_stripe().await;
    let maintenance = Maintenance::from_env(&stack.env(), stack.clock.clock()).unwrap();
    for name in events_of("maintenance") {
        let task: Task = serde_json::from_str(&testkit::event(&name, &[])).unwrap();
        let done = maintenance.handle(task).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let expected = match name.as_str() {
            "maintenance-sweep" => json!({ "nudged": 0, "buried": 0 }),
            "maintenance-reconcile" => json!({ "events": 0, "customers": 0, "failed": 0 }),
            "maintenance-expire" => {
                json!({
                    "sessions": 0, "refresh_tokens": 0, "idempotency_keys": 0, "stripe_events": 0, "allowances": 0,
                    "attempts": 0, "customers": 0, "past_usage": 0,
                })
            }
            _ => json!({ "found": false }),
        };
        assert_eq!(serde_json::to_value(done).unwrap(), expected, "{name}");
    }
}
