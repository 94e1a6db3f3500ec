//! The function, a user who buys, and a stand-in of Stripe that sends no events: the endpoints ask it themselves.

use serde_json::{Value, json};
use shared::db::customers::{self, By, Status};
use shared::domain::Timestamp;
use shared::stripe::Billing;
use standins::stripe::{Config, Stripe};
use testkit::{Stack, TestApi, User};

pub(crate) struct Shop {
    pub(crate) api: TestApi,
    pub(crate) billing: Billing,
    stripe: Stripe,
    http: reqwest::Client,
}

impl Shop {
    /// Opens one. Its clock stands at the stand-in's time.
    pub(crate) async fn open() -> Self {
        let stack = Stack::start().await;
        let config = Config {
            addr: ([127, 0, 0, 1], 0).into(),
            webhook_url: None,
            webhook_secrets: Vec::new(),
            price_id: "price_pro".into(),
        };
        let stripe = Stripe::start(config).unwrap();
        let stack = stack
            .with("STRIPE_SECRET_KEY", "sk_test_tests")
            .with("STRIPE_API_BASE", stripe.url())
            .with("STRIPE_PRICE_ID", "price_pro")
            .with("CHECKOUT_SUCCESS_URL", "https://app.example/paid?session={CHECKOUT_SESSION_ID}")
            .with("CHECKOUT_CANCEL_URL", "https://app.example/plans")
            .with("PORTAL_RETURN_URL", "https://app.example/account");
        let billing = Billing::from_env(&stack.env(), stack.db(), stack.clock.clock()).unwrap();
        let probe: Value = billing.stripe.post(&["customers"], &[], "clock").await.unwrap();
        stack.clock.set(Timestamp::from_unix(probe["created"].as_i64().unwrap()).unwrap());
        Self { api: TestApi::on(stack, subscription::router), billing, stripe, http: reqwest::Client::new() }
    }

    /// What people, banks and time do at Stripe to a `sessions` or `subscriptions` object.
    pub(crate) async fn act(&self, kind: &str, id: &str, action: &str) -> Value {
        self.admin(&format!("{kind}/{id}"), json!({ "action": action })).await
    }

    /// An admin call of the stand-in.
    pub(crate) async fn admin(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/admin/{path}", self.stripe.url());
        let answer = self.http.post(url).body(body.to_string()).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default()
    }

    async fn log(&self) -> Vec<Value> {
        let answer = self.http.get(format!("{}/admin/calls", self.stripe.url())).send().await.unwrap();
        let log: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        log["calls"].as_array().unwrap().clone()
    }

    /// The calls that were made to Stripe, as `METHOD /path`.
    pub(crate) async fn calls(&self) -> Vec<String> {
        let calls = self.log().await;
        calls
            .iter()
            .map(|call| format!("{} {}", call["method"].as_str().unwrap(), call["path"].as_str().unwrap()))
            .collect()
    }

    /// The idempotency keys of the posts to a path, in their order.
    pub(crate) async fn keys(&self, path: &str) -> Vec<String> {
        let calls = self.log().await;
        let posts = calls.iter().filter(|call| call["method"] == "POST" && call["path"] == path);
        posts.map(|call| call["idempotency_key"].as_str().unwrap().to_owned()).collect()
    }

    /// How often Stripe was called so.
    pub(crate) async fn count(&self, call: &str) -> usize {
        self.calls().await.iter().filter(|made| *made == call).count()
    }

    /// A user who has paid for Pro, and the id of the subscription.
    pub(crate) async fn subscriber(&self) -> (User, String) {
        let user = self.api.signed_in().await;
        let session = user.post("/subscribe/pro", json!(null)).await.body()["session_id"].as_str().unwrap().to_owned();
        let paid = self.act("sessions", &session, "pay").await;
        self.follow(&user).await;
        (user, paid["subscription"].as_str().unwrap().to_owned())
    }

    /// What the database knows of the user's subscription, for when their token has expired.
    pub(crate) async fn known(&self, user: &User) -> Status {
        customers::status(&self.billing.db, user.id.unwrap(), self.api.stack.clock.now()).await.unwrap().unwrap()
    }

    /// Does what an event of the user's would do.
    pub(crate) async fn follow(&self, user: &User) {
        self.billing.sync(By::User(user.id.unwrap())).await.unwrap().unwrap();
    }
}
