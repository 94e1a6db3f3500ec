//! A sender, the challenges it must deliver, and a stand-in of SNS that speaks its Query protocol.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::routing::post;
use otp_sender::OtpSender;
use serde_json::json;
use shared::auth::OneTimeCodes;
use shared::cache::{Asker, Challenge, OpenChallenge, OtpLimits, Purpose};
use shared::config::Env;
use shared::db::sessions::NewSession;
use shared::db::users::{self, Profile};
use shared::domain::{ChallengeId, Mobile, SessionId};
use testkit::Stack;

/// A message that SNS accepted: its parameters by name.
pub(crate) type Sms = HashMap<String, String>;

#[derive(Debug, Default)]
struct Inner {
    taken: Vec<Sms>,
    calls: usize,
    failures: Vec<(u16, &'static str)>,
    delay: Duration,
}

pub(crate) struct Kit {
    pub(crate) stack: Stack,
    pub(crate) sender: OtpSender,
    sns: Arc<Mutex<Inner>>,
}

impl Kit {
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let sns = Arc::new(Mutex::new(Inner::default()));
        let router = axum::Router::new().route("/", post(answer)).with_state(sns.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let mut stack = Stack::start().await.with("AWS_ENDPOINT_URL", url);
        for (name, value) in settings {
            stack = stack.with(name, *value);
        }
        let sender = OtpSender::from_env(&stack.env(), stack.clock.clock()).unwrap();
        Self { stack, sender, sns }
    }

    /// Opens a challenge as `auth` does for a stranger.
    pub(crate) async fn open(&self, mobile: &str, purpose: Purpose) -> ChallengeId {
        self.open_for(mobile, purpose, &Asker::stranger("192.0.2.1")).await
    }

    /// Opens a challenge as `auth` does.
    pub(crate) async fn open_for(&self, mobile: &str, purpose: Purpose, asker: &Asker) -> ChallengeId {
        let id = ChallengeId::generate();
        let challenge = Challenge { mobile: Mobile::parse(mobile).unwrap(), purpose, kid: "test".into(), signup: None };
        let limits = OtpLimits {
            cooldown: Duration::ZERO,
            per_mobile_hour: 1000,
            per_mobile_day: 1000,
            per_asker_hour: 0,
            per_asker_day: 0,
            per_ip_hour: 0,
            open: 1000,
        };
        let now = self.stack.clock.now();
        let opened = self.stack.cache().open_challenge(id, &challenge, &limits, asker, now).await.unwrap();
        assert!(matches!(opened, OpenChallenge::Opened(_)), "{opened:?}");
        id
    }

    /// Makes the account of a number.
    pub(crate) async fn account(&self, mobile: &str) {
        let (now, session) = (self.stack.clock.now(), SessionId::generate());
        let hash = [session.as_bytes(); 2].concat();
        let session =
            NewSession { id: session, refresh_hash: &hash, user_agent: None, expires_at: now + Duration::from_mins(1) };
        let mobile = Mobile::parse(mobile).unwrap();
        users::sign_in(&self.stack.db(), &mobile, &Profile::default(), &session, &[], now).await.unwrap();
    }

    /// Delivers records and returns the ids of those to be delivered again.
    pub(crate) async fn deliver(&self, bodies: &[String]) -> Vec<String> {
        self.report(bodies).await.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
    }

    pub(crate) async fn report(&self, bodies: &[String]) -> SqsBatchResponse {
        self.sender.handle(batch(bodies)).await
    }

    pub(crate) fn code(&self, challenge: ChallengeId) -> String {
        OneTimeCodes::from_env(&self.stack.env()).unwrap().derive(challenge, "test").unwrap()
    }

    /// The messages that SNS accepted since the last call of this function.
    pub(crate) fn taken(&self) -> Vec<Sms> {
        std::mem::take(&mut self.sns.lock().unwrap().taken)
    }

    /// How often SNS was called.
    pub(crate) fn calls(&self) -> usize {
        self.sns.lock().unwrap().calls
    }

    /// Makes the next calls fail, each with a status and a code.
    pub(crate) fn fail(&self, failures: &[(u16, &'static str)]) {
        self.sns.lock().unwrap().failures.extend_from_slice(failures);
    }

    /// Makes SNS slow.
    pub(crate) fn slow(&self, delay: Duration) {
        self.sns.lock().unwrap().delay = delay;
    }
}

/// A sender with one other setting.
pub(crate) fn sender_with(kit: &Kit, name: &'static str, value: String) -> OtpSender {
    let settings = kit.stack.env();
    let env = Env::from_fn(move |asked| if asked == name { Some(value.clone()) } else { settings.optional(asked) });
    OtpSender::from_env(&env, kit.stack.clock.clock()).unwrap()
}

/// A batch whose records have the ids `0`, `1`, ….
pub(crate) fn batch(bodies: &[String]) -> SqsEvent {
    let record = |(number, body): (usize, &String)| json!({ "messageId": number.to_string(), "body": body });
    serde_json::from_value(json!({ "Records": bodies.iter().enumerate().map(record).collect::<Vec<_>>() })).unwrap()
}

/// The body of a job.
pub(crate) fn job(challenge: ChallengeId) -> String {
    json!({ "challenge_id": challenge }).to_string()
}

async fn answer(State(inner): State<Arc<Mutex<Inner>>>, Form(call): Form<Sms>) -> (StatusCode, String) {
    assert_eq!((call["Action"].as_str(), call["Version"].as_str()), ("Publish", "2010-03-31"));
    let (failure, delay) = {
        let mut inner = inner.lock().unwrap();
        inner.calls += 1;
        ((!inner.failures.is_empty()).then(|| inner.failures.remove(0)), inner.delay)
    };
    tokio::time::sleep(delay).await;
    if let Some((status, code)) = failure {
        // Like SNS, the error message repeats what was sent.
        let error = format!(
            "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>Sender</Type><Code>{code}</Code>\
             <Message>{code}: {} {}</Message></Error><RequestId>1</RequestId></ErrorResponse>",
            call["PhoneNumber"], call["Message"],
        );
        return (StatusCode::from_u16(status).unwrap(), error);
    }
    inner.lock().unwrap().taken.push(call);
    let taken = "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult><MessageId>1</MessageId>\
                 </PublishResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></PublishResponse>";
    (StatusCode::OK, taken.to_owned())
}
