//! Everything a function finds in its environment, for one test.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use shared::cache::Cache;
use shared::config::Env;
use shared::db::Db;
use shared::domain::{Clock, Timestamp};
use uuid::Uuid;

use crate::{Sqs, database};

/// A clock that stands at a noon until it is moved.
#[derive(Debug, Clone)]
pub struct TestClock(Arc<AtomicI64>);

impl TestClock {
    fn noon() -> Self {
        Self(Arc::new(AtomicI64::new(1_795_435_200_000)))
    }

    /// What it tells.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.0.load(Ordering::SeqCst)).expect("a time before the year 10000")
    }

    /// Moves it on.
    pub fn advance(&self, time: Duration) {
        self.0.fetch_add(i64::try_from(time.as_millis()).expect("a span of this era"), Ordering::SeqCst);
    }

    /// Sets it.
    pub fn set(&self, at: Timestamp) {
        self.0.store(at.unix_millis(), Ordering::SeqCst);
    }

    /// It, as the functions take it.
    pub fn clock(&self) -> Clock {
        let clock = self.clone();
        Clock::from_fn(move || clock.now())
    }
}

/// A database, a Redis prefix, an SQS and a clock, and the settings that name them.
#[derive(Debug)]
pub struct Stack {
    settings: HashMap<String, String>,
    /// The test's clock.
    pub clock: TestClock,
    /// The test's SQS.
    pub sqs: Sqs,
}

impl Stack {
    /// Starts with settings that work; `with` changes them.
    pub async fn start() -> Self {
        shared::tls::install_provider();
        let sqs = Sqs::start().await;
        let settings = [
            ("STAGE", "test".to_owned()),
            ("DATABASE_URL", database::create(&server("TEST_DATABASE_URL")).await),
            ("REDIS_URL", server("TEST_REDIS_URL")),
            ("REDIS_PREFIX", format!("{}:", Uuid::new_v4().simple())),
            ("AWS_REGION", "eu-west-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("AWS_ENDPOINT_URL", sqs.url().to_owned()),
            ("PRO_QUEUE_URL", format!("{}/1/pro.fifo", sqs.url())),
            ("BASIC_QUEUE_URL", format!("{}/1/basic.fifo", sqs.url())),
            ("OTP_QUEUE_URL", format!("{}/1/otp", sqs.url())),
            ("PRO_DEAD_LETTERS_URL", format!("{}/1/pro-dead.fifo", sqs.url())),
            ("BASIC_DEAD_LETTERS_URL", format!("{}/1/basic-dead.fifo", sqs.url())),
            ("OTP_DEAD_LETTERS_URL", format!("{}/1/otp-dead", sqs.url())),
            ("JWT_KEYS", "test:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=".to_owned()),
            ("OTP_KEYS", "test:MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=".to_owned()),
            ("OTP_DELIVERY", "response".to_owned()),
            ("OTP_ALLOWED_COUNTRIES", "*".to_owned()),
            ("OPERATOR_KEY", "operator-key-of-the-tests".to_owned()),
        ];
        let settings = settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { settings, clock: TestClock::noon(), sqs }
    }

    /// Changes a setting; an empty value unsets it.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.settings.insert(name.to_owned(), value.into());
        self
    }

    /// The settings as a function reads them.
    pub fn env(&self) -> Env {
        let settings = self.settings.clone();
        Env::from_fn(move |name| settings.get(name).cloned())
    }

    /// A setting.
    pub fn setting(&self, name: &str) -> &str {
        self.settings.get(name).map_or("", String::as_str)
    }

    /// The test's database.
    pub fn db(&self) -> Db {
        Db::from_env(&self.env()).expect("settings that work")
    }

    /// The test's Redis.
    pub fn cache(&self) -> Cache {
        Cache::from_env(&self.env()).expect("settings that work")
    }

    /// Lets what Redis holds lapse before its time.
    pub async fn forget(&self, kind: &str, of: &str) {
        let key = format!("{}{kind}:{of}", self.setting("REDIS_PREFIX"));
        let client = redis::Client::open(self.setting("REDIS_URL")).expect("a URL");
        let mut connection = client.get_multiplexed_async_connection().await.expect("Redis answers");
        let forgotten: i64 = redis::Cmd::del(&key).query_async(&mut connection).await.expect("Redis answers");
        assert_eq!(forgotten, 1, "{key} was not there");
    }

    /// A plain connection to the test's database, for looking and for arranging what no endpoint arranges.
    pub async fn sql(&self) -> tokio_postgres::Client {
        let (client, connection) = tokio_postgres::connect(self.setting("DATABASE_URL"), tokio_postgres::NoTls)
            .await
            .expect("Postgres answers");
        tokio::spawn(connection);
        client
    }
}

#[expect(clippy::disallowed_methods, reason = "where the tests' servers are is told by the environment")]
fn server(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set: run the tests by `make test` or under `dev/services`"))
}
