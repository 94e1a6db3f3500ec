//! A worker, a user and their rooms.

use std::time::Duration;

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use gemini_worker::Worker;
use serde_json::{Value, json};
use shared::db::Db;
use shared::db::chatrooms::{self, Create};
use shared::db::messages::{self, Accept, Message, NewMessage, Turns};
use shared::db::sessions::NewSession;
use shared::db::users::{self, Profile};
use shared::domain::{Bounds, ChatroomId, Content, Limits, MessageId, Mobile, SessionId, Title, UserId};
use shared::queue::ReplyJob;
use standins::gemini::Gemini;
use testkit::Stack;

pub(crate) const LIMITS: Limits = Limits { basic: 50, pro: 1000 };
pub(crate) const BOUNDS: Bounds = Bounds { unfinished_basic: 50, unfinished_pro: 50, rooms: 100 };

pub(crate) struct Kit {
    pub(crate) stack: Stack,
    pub(crate) gemini: Gemini,
    pub(crate) worker: Worker,
    pub(crate) db: Db,
    pub(crate) user: UserId,
}

impl Kit {
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let gemini = Gemini::start("127.0.0.1:0").expect("a free port");
        let mut stack = Stack::start().await.with("GEMINI_BASE_URL", gemini.url()).with("GEMINI_API_KEY", "test-key");
        for (name, value) in settings {
            stack = stack.with(name, *value);
        }
        let worker = Worker::from_env(&stack.env(), stack.clock.clock()).expect("settings that work");
        let (db, now) = (stack.db(), stack.clock.now());
        let session = NewSession {
            id: SessionId::generate(),
            refresh_hash: &[0; 32],
            user_agent: None,
            expires_at: now + Duration::from_secs(60),
        };
        let mobile = Mobile::parse("+14155550199").expect("a number");
        let user = users::sign_in(&db, &mobile, &Profile::default(), &session, &[], now).await.expect("Postgres").id;
        Self { stack, gemini, worker, db, user }
    }

    pub(crate) async fn room(&self) -> ChatroomId {
        let now = self.stack.clock.now();
        match chatrooms::create(&self.db, self.user, &Title::default(), None, BOUNDS, now).await.expect("Postgres") {
            Create::Made(room) => room.id,
            other => panic!("{other:?}"),
        }
    }

    /// Accepts a message and returns its reply's id.
    pub(crate) async fn send(&self, room: ChatroomId, text: &str) -> MessageId {
        let content = Content::try_from(text.to_owned()).expect("a message");
        let now = self.stack.clock.now();
        let new =
            NewMessage { user: self.user, room, content: &content, key: None, limits: LIMITS, bounds: BOUNDS, now };
        match messages::accept(&self.db, &new).await.expect("Postgres") {
            Accept::Stored(accepted) => accepted.reply.id,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn reply(&self, room: ChatroomId, reply: MessageId) -> Message {
        messages::find(&self.db, self.user, room, reply).await.expect("Postgres").expect("a reply")
    }

    pub(crate) async fn turns(&self, room: ChatroomId) -> Vec<Message> {
        let page = messages::list(&self.db, self.user, room, Turns::Newest, 100).await.expect("Postgres");
        page.expect("a room").items
    }

    /// Lets the worker handle a batch and returns the records to be retried.
    pub(crate) async fn work(&self, jobs: &[(ChatroomId, MessageId)]) -> Vec<String> {
        self.handle(jobs.iter().map(|(room, reply)| record(&reply.to_string(), &job(*room, *reply))).collect()).await
    }

    pub(crate) async fn handle(&self, records: Vec<SqsMessage>) -> Vec<String> {
        self.handle_within(records, Duration::from_secs(300)).await
    }

    /// Lets the worker handle a batch in an invocation that has this much time left.
    pub(crate) async fn handle_within(&self, records: Vec<SqsMessage>, left: Duration) -> Vec<String> {
        let mut event = SqsEvent::default();
        event.records = records;
        let response = self.worker.handle(event, left).await;
        response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
    }

    /// The calls to Gemini.
    pub(crate) async fn calls(&self) -> Vec<Value> {
        let url = format!("{}/admin/calls", self.gemini.url());
        let calls: Value = reqwest_get(&url).await;
        calls.as_array().cloned().unwrap_or_else(|| calls["calls"].as_array().cloned().unwrap_or_default())
    }

    /// Messages charged today.
    pub(crate) async fn used(&self) -> i32 {
        self.stack.sql().await.query_one("select used from allowances", &[]).await.expect("Postgres").get(0)
    }
}

async fn reqwest_get(url: &str) -> Value {
    let tls = shared::tls::public();
    let client = reqwest::Client::builder().tls_backend_preconfigured(tls).build().expect("a client");
    client.get(url).send().await.expect("the stand-in answers").json().await.expect("JSON")
}

pub(crate) fn job(chatroom_id: ChatroomId, reply_id: MessageId) -> String {
    json!(ReplyJob { chatroom_id, reply_id }).to_string()
}

pub(crate) fn record(id: &str, body: &str) -> SqsMessage {
    let mut message = SqsMessage::default();
    message.message_id = Some(id.to_owned());
    message.receipt_handle = Some(format!("receipt-{id}"));
    message.body = Some(body.to_owned());
    message.event_source_arn = Some("arn:aws:sqs:eu-west-1:1:basic.fifo".to_owned());
    message
}
