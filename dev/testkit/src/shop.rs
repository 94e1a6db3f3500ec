//! A shop: a function that sells Pro, and a stand-in of Stripe whose events a test delivers itself.

use serde_json::{Value, json};
use shared::db::customers::{self, By, Status};
use shared::domain::{Timestamp, UserId};
use shared::stripe::Billing;
use standins::stripe::{Config, Stripe};

use crate::api::Build;
use crate::{Stack, TestApi, User};

/// A function, its users, and the Stripe where they pay.
pub struct Shop {
    /// The function, on a stack whose clock is set to the stand-in's time.
    pub api: TestApi,
    /// What syncs with Stripe on the same stack, and the way for a test to ask Stripe itself.
    pub billing: Billing,
    stripe: Stripe,
    http: reqwest::Client,
}

impl Shop {
    /// Opens a shop at the function that `build` makes. To sell, it must be `subscription`.
    pub async fn open(build: Build) -> Self {
        Self::on(Stack::start().await, build).await
    }

    /// Opens a shop on a stack.
    pub async fn on(stack: Stack, build: Build) -> Self {
        let config = Config {
            addr: ([127, 0, 0, 1], 0).into(),
            webhook_url: None,
            webhook_secrets: Vec::new(),
            price_id: "price_pro".into(),
        };
        let stripe = Stripe::start(config).expect("a free port");
        let stack = stack.with_stripe(stripe.url());
        let billing = Billing::from_env(&stack.env(), stack.db(), stack.clock.clock()).expect("settings that work");
        let probe: Value = billing.stripe.post(&["customers"], &[], "clock").await.expect("Stripe answers");
        let now = probe["created"].as_i64().and_then(Timestamp::from_unix).expect("a time");
        stack.clock.set(now);
        Self { api: TestApi::on(stack, build), billing, stripe, http: reqwest::Client::new() }
    }

    /// Performs an action on a `sessions` or `subscriptions` object at Stripe.
    pub async fn act(&self, kind: &str, id: &str, action: &str) -> Value {
        self.admin(&format!("{kind}/{id}"), json!({ "action": action })).await
    }

    /// An admin call of the stand-in.
    pub async fn admin(&self, path: &str, body: Value) -> Value {
        self.try_admin(path, body).await.unwrap_or_else(|refusal| panic!("{path}: {refusal}"))
    }

    /// An admin call that the stand-in may refuse: then its reason.
    pub async fn try_admin(&self, path: &str, body: Value) -> Result<Value, String> {
        let url = format!("{}/admin/{path}", self.stripe.url());
        let answer = self.http.post(url).body(body.to_string()).send().await.expect("the stand-in answers");
        let is_done = answer.status().is_success();
        let text = answer.text().await.expect("a body");
        if is_done { Ok(serde_json::from_str(&text).unwrap_or_default()) } else { Err(text) }
    }

    async fn log(&self) -> Vec<Value> {
        let url = format!("{}/admin/calls", self.stripe.url());
        let answer = self.http.get(url).send().await.expect("the stand-in answers");
        let mut log: Value = serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
        serde_json::from_value(log["calls"].take()).expect("a list")
    }

    /// The calls that were made to Stripe, as `METHOD /path`.
    pub async fn calls(&self) -> Vec<String> {
        let log = self.log().await;
        log.iter().map(|call| format!("{} {}", text(call, "method"), text(call, "path"))).collect()
    }

    /// How often this call was made.
    pub async fn count(&self, call: &str) -> usize {
        self.calls().await.iter().filter(|made| *made == call).count()
    }

    /// The idempotency keys of the POSTs to a path, in their order.
    pub async fn keys(&self, path: &str) -> Vec<String> {
        let log = self.log().await;
        let posts = log.iter().filter(|call| call["method"] == "POST" && call["path"] == path);
        posts.map(|call| text(call, "idempotency_key")).collect()
    }

    /// A user with an open checkout: the user and the session's id.
    pub async fn customer(&self) -> (User, String) {
        let user = self.api.signed_in().await;
        let opened = user.post("/subscribe/pro", json!(null)).await;
        (user, text(&opened.body(), "session_id"))
    }

    /// A user who has paid at Stripe, before any event of it has arrived: the user and the subscription's id.
    pub async fn buyer(&self) -> (User, String) {
        let (user, session) = self.customer().await;
        let paid = self.act("sessions", &session, "pay").await;
        (user, text(&paid, "subscription"))
    }

    /// A user who has paid, and whose subscription is known: the user and the subscription's id.
    pub async fn subscriber(&self) -> (User, String) {
        let (user, subscription) = self.buyer().await;
        self.follow(&user).await;
        (user, subscription)
    }

    /// Does what an event of the user would do.
    pub async fn follow(&self, user: &User) {
        let synced = self.billing.sync_customer(By::User(id(user))).await.expect("Stripe and Postgres answer");
        assert!(synced.is_some(), "the user never began to subscribe");
    }

    /// The user's subscription as the database has it; also after the user's token has expired.
    pub async fn known(&self, user: &User) -> Status {
        let status = customers::status(&self.billing.db, id(user), self.api.stack.clock.now()).await;
        status.expect("Postgres answers").expect("a customer")
    }
}

fn id(user: &User) -> UserId {
    user.id.expect("signed in")
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}
