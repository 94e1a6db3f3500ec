//! Everything that a function finds in its environment, for one test.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use shared::cache::Cache;
use shared::config::Env;
use shared::db::Db;
use shared::domain::{Clock, Timestamp};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::{Sqs, database};

/// The newer of the two secrets that sign Stripe's events, with [`Stack::with_stripe`].
pub const WEBHOOK_SECRET: &str = "whsec_tests";

/// A clock that shows a noon until the test moves it.
#[derive(Debug, Clone)]
pub struct TestClock(Arc<AtomicI64>);

impl TestClock {
    fn noon() -> Self {
        Self(Arc::new(AtomicI64::new(1_795_435_200_000)))
    }

    /// The time that it shows.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.0.load(Ordering::SeqCst)).expect("a time before the year 10000")
    }

    /// Moves it forward.
    pub fn advance(&self, time: Duration) {
        self.0.fetch_add(i64::try_from(time.as_millis()).expect("a span of this era"), Ordering::SeqCst);
    }

    /// Sets it.
    pub fn set(&self, at: Timestamp) {
        self.0.store(at.unix_millis(), Ordering::SeqCst);
    }

    /// The clock that the functions get.
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
    /// Starts with valid settings; `with` changes them.
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
            ("STREAM_URL", "https://stream.example.com".to_owned()),
            ("JWT_KEYS", "test:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=".to_owned()),
            ("OTP_KEYS", "test:MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=".to_owned()),
            ("OTP_DELIVERY", "response".to_owned()),
            ("OTP_DELIVERY_IN_RESPONSE", "codes-are-public".to_owned()),
            ("OTP_ALLOWED_COUNTRIES", "*".to_owned()),
            ("OPERATOR_KEY", "operator-key-of-the-tests".to_owned()),
            // A router of a test serves many requests at once, as no environment of a Lambda does.
            ("DATABASE_CONNECTIONS", "4".to_owned()),
            // The clock stands still, so a bucket would not fill again.
            ("REQUESTS_PER_USER_MINUTE", "0".to_owned()),
            ("REQUESTS_PER_ADDRESS_MINUTE", "0".to_owned()),
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

    /// Sets all settings of Stripe, which is at `url`.
    #[must_use]
    pub fn with_stripe(self, url: impl Into<String>) -> Self {
        self.with("STRIPE_SECRET_KEY", "sk_test_tests")
            .with("STRIPE_API_BASE", url)
            .with("STRIPE_WEBHOOK_SECRET", format!("whsec_older, {WEBHOOK_SECRET}"))
            .with("STRIPE_PRICE_ID", "price_pro, price_older")
            .with("CHECKOUT_SUCCESS_URL", "https://app.example/paid?session={CHECKOUT_SESSION_ID}")
            .with("CHECKOUT_CANCEL_URL", "https://app.example/plans")
            .with("PORTAL_RETURN_URL", "https://app.example/account")
    }

    /// The settings, as a function reads them.
    pub fn env(&self) -> Env {
        let settings = self.settings.clone();
        Env::from_fn(move |name| settings.get(name).cloned())
    }

    /// The settings, as the environment of a process.
    pub(crate) fn settings(&self) -> impl Iterator<Item = (&String, &String)> {
        self.settings.iter()
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

    /// Deletes a key in Redis, as if it had expired.
    pub async fn forget(&self, kind: &str, of: &str) {
        let key = format!("{}{kind}:{of}", self.setting("REDIS_PREFIX"));
        let client = redis::Client::open(self.setting("REDIS_URL")).expect("a URL");
        let mut connection = client.get_multiplexed_async_connection().await.expect("Redis answers");
        let forgotten: i64 = redis::Cmd::del(&key).query_async(&mut connection).await.expect("Redis answers");
        assert_eq!(forgotten, 1, "{key} was not there");
    }

    /// A plain connection to the test's database, for checks and for set-up that no endpoint can do.
    pub async fn sql(&self) -> tokio_postgres::Client {
        let (client, connection) = tokio_postgres::connect(self.setting("DATABASE_URL"), tokio_postgres::NoTls)
            .await
            .expect("Postgres answers");
        tokio::spawn(connection);
        client
    }

    /// Starts a request. Returns it when it waits for a lock of the test's database, behind those that already wait, or
    /// when it has ended without waiting.
    pub async fn stalled<T: Send + 'static>(&self, request: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        let sql = self.sql().await;
        let waiting = async || {
            let waits = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
            sql.query(waits, &[]).await.expect("Postgres answers").len()
        };
        let before = waiting().await;
        let request = tokio::spawn(request);
        while !request.is_finished() && waiting().await <= before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        request
    }
}

#[expect(clippy::disallowed_methods, reason = "the environment names the tests' servers")]
fn server(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set: run the tests by `make test` or under `dev/services`"))
}
