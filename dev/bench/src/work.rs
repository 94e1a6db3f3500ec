//! The work of the functions: recorded events, changed to fit the users of this world.

use serde_json::{Value, json};
use shared::domain::Clock;
use testkit::event;

use crate::world::{PASSWORD, ROOMS, WEBHOOK_SECRET, World, new_mobile, send};

const ROOM: &str = "019aaf6c-5c00-7a3e-9d51-3f0d8a1b2c01";
const REPLY: &str = "019aaf6c-5c00-7a3e-9d51-3f0d8a1b2c03";
const RECORDED_PASSWORD: &str = "nine oranges under a bridge";
const CHALLENGE: &str = "4c8f6a52-7a1e-4d0c-9a1b-6d2f1e0b9c06";

/// A message that Gemini's stand-in answers after 300 ms.
pub(crate) const SLOW_QUESTION: &str = "[[slow:300]] What is a pastel de nata?";

/// One kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Work {
    Hello,
    BarePostgres,
    BareRedis,
    Me,
    ListHit,
    ListMiss,
    CreateRoom,
    GetRoom,
    Messages,
    Message,
    Send,
    SendOtp,
    VerifyOtp,
    Login,
    Refresh,
    SubscriptionStatus,
    Webhook,
    Health,
    Sms,
    Reply,
    TenReplies,
    Sweep,
    Migrate,
}

/// All kinds of work, in the order of the tables.
pub(crate) const ALL: [Work; 23] = [
    Work::Hello,
    Work::BarePostgres,
    Work::BareRedis,
    Work::Me,
    Work::ListHit,
    Work::ListMiss,
    Work::CreateRoom,
    Work::GetRoom,
    Work::Messages,
    Work::Message,
    Work::Send,
    Work::SendOtp,
    Work::VerifyOtp,
    Work::Login,
    Work::Refresh,
    Work::SubscriptionStatus,
    Work::Webhook,
    Work::Health,
    Work::Sms,
    Work::Reply,
    Work::TenReplies,
    Work::Sweep,
    Work::Migrate,
];

impl Work {
    /// The function that does it, and its name in the tables.
    pub(crate) fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Hello => ("hello", "hello, world"),
            Self::BarePostgres => ("bare", "one round trip to Postgres"),
            Self::BareRedis => ("bare", "one round trip to Redis"),
            Self::Me => ("user", "GET /user/me"),
            Self::ListHit => ("chatroom", "GET /chatroom, cached"),
            Self::ListMiss => ("chatroom", "GET /chatroom?limit=10"),
            Self::CreateRoom => ("chatroom", "POST /chatroom"),
            Self::GetRoom => ("chatroom", "GET /chatroom/{id}"),
            Self::Messages => ("chatroom", "GET /chatroom/{id}/message"),
            Self::Message => ("chatroom", "GET …/message/{id}"),
            Self::Send => ("chatroom", "POST /chatroom/{id}/message"),
            Self::SendOtp => ("auth", "POST /auth/send-otp"),
            Self::VerifyOtp => ("auth", "POST /auth/verify-otp"),
            Self::Login => ("auth", "POST /auth/login"),
            Self::Refresh => ("auth", "POST /auth/refresh"),
            Self::SubscriptionStatus => ("subscription", "GET /subscription/status"),
            Self::Webhook => ("stripe-webhook", "POST /webhook/stripe"),
            Self::Health => ("ops", "GET /health"),
            Self::Sms => ("otp-sender", "a text message"),
            Self::Reply => ("gemini-worker", "a reply, Gemini at once"),
            Self::TenReplies => ("gemini-worker", "ten replies, Gemini 300 ms"),
            Self::Sweep => ("maintenance", "a sweep, nothing lost"),
            Self::Migrate => ("migrate", "migrations, none left"),
        }
    }

    /// How often it is done in a row: fewer times if it is slow.
    pub(crate) fn times(self) -> usize {
        match self {
            Self::TenReplies => 1,
            Self::Login | Self::Migrate => 20,
            // One room per reply: with two questions in a room, one invocation would answer both.
            Self::Reply => ROOMS - 10,
            _ => 100,
        }
    }

    /// The `number`th event. Also prepares the world for it.
    pub(crate) async fn event(self, world: &World, number: usize) -> String {
        let people = &world.people;
        let (token, bobs) = (("ACCESS_TOKEN", people.ada.token()), ("ACCESS_TOKEN", people.bob.token()));
        let (read, message) = ((ROOM, world.read.0.as_str()), (REPLY, world.read.1.as_str()));
        let room = (ROOM, people.rooms[number % ROOMS].as_str());
        match self {
            Self::Hello => event("ops-health", &[("\"/health\"", "\"/hello\"")]),
            Self::BarePostgres => event("ops-health", &[("\"/health\"", "\"/postgres\"")]),
            Self::BareRedis => event("ops-health", &[("\"/health\"", "\"/redis\"")]),
            Self::Me => event("user-get-me", &[token]),
            Self::ListHit => {
                people.bob.get("/chatroom").await;
                event("chatroom-list", &[bobs, ("limit=10", "")])
            }
            Self::ListMiss => event("chatroom-list", &[bobs]),
            Self::CreateRoom => event("chatroom-create", &[token]),
            Self::GetRoom => event("chatroom-get", &[bobs, read]),
            Self::Messages => event("chatroom-messages", &[bobs, read]),
            Self::Message => event("chatroom-message", &[bobs, read, message]),
            Self::Send => event("chatroom-send", &[token, room, ("\"idempotency-key\"", "\"x-no-key\"")]),
            Self::SendOtp => {
                let bound = ",\\\"signup_id\\\":\\\"4c8f6a52-7a1e-4d0c-9a1b-6d2f1e0b9c05\\\"";
                event("auth-send-otp", &[("+14155550123", &new_mobile()), (bound, "")])
            }
            Self::VerifyOtp => {
                let (challenge, otp) = people.challenge().await;
                event("auth-verify-otp", &[(CHALLENGE, &challenge), ("000000", &otp)])
            }
            Self::Login => {
                event("auth-login", &[("+14155550123", &people.carol.mobile), (RECORDED_PASSWORD, PASSWORD)])
            }
            Self::Refresh => {
                let recorded = "uN3Zf0mYk1s8QwX2vB7tHj5LpR9cEaG4dKiMoSzTnVw";
                event("auth-refresh", &[(recorded, &people.refresh_token().await)])
            }
            Self::SubscriptionStatus => event("subscription-status", &[token]),
            Self::Webhook => webhook(number),
            Self::Health => event("ops-health", &[]),
            Self::Sms => event("otp-sender", &[(CHALLENGE, &people.challenge().await.0)]),
            Self::Reply => {
                records(&[send(&people.ada, &people.answered[number % ROOMS], "What is a pastel de nata?").await])
            }
            Self::TenReplies => {
                let mut jobs = Vec::new();
                for room in &people.answered[..10] {
                    jobs.push(send(&people.ada, room, SLOW_QUESTION).await);
                }
                records(&jobs)
            }
            Self::Sweep => event("maintenance-sweep", &[]),
            Self::Migrate => event("migrate-operator", &[]),
        }
    }

    /// Whether `answer` is the expected one.
    pub(crate) fn is_done(self, answer: &Value) -> bool {
        match self {
            Self::Reply | Self::TenReplies | Self::Sms => answer["batchItemFailures"] == json!([]),
            Self::ListHit => answer["headers"]["x-cache"] == "hit",
            Self::Sweep => answer["nudged"].is_number(),
            Self::Migrate => answer.is_object(),
            _ => answer["statusCode"].as_u64().is_some_and(|status| (200..300).contains(&status)),
        }
    }
}

/// An event with records of the reply queue, in the order of `jobs`.
pub(crate) fn records(jobs: &[Value]) -> String {
    let recorded: Value = serde_json::from_str(&event("gemini-worker-pro", &[])).expect("JSON");
    let records = jobs.iter().enumerate().map(|(number, job)| {
        let mut record = recorded["Records"][0].clone();
        record["messageId"] = json!(format!("2e1424d4-f796-459a-8184-{number:012}"));
        record["body"] = json!(job.to_string());
        record["attributes"]["MessageGroupId"] = job["chatroom_id"].clone();
        record
    });
    json!({ "Records": records.collect::<Vec<_>>() }).to_string()
}

/// A new event of Stripe's about a customer that does not exist here.
fn webhook(number: usize) -> String {
    let now = Clock::system().now();
    let id = format!("evt_{}_{number}", now.unix_millis());
    let mut event: Value = serde_json::from_str(&event("stripe-webhook", &[])).expect("JSON");
    let body = event["body"].as_str().expect("a body").replace("evt_1SWgT2LkdIwHu7ixQm4h0Xb3", &id);
    let signature = standins::stripe::sign(body.as_bytes(), WEBHOOK_SECRET, now.unix_millis() / 1000);
    event["headers"]["stripe-signature"] = json!(signature);
    event["body"] = json!(body);
    event.to_string()
}
