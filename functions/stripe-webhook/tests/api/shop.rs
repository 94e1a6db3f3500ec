//! A shop: the webhook and the endpoints on one database, and a stand-in of Stripe whose events the tests deliver.

use axum::http::Method;
use maintenance::reconcile::{Reconciled, reconcile};
use serde_json::{Value, json};
use shared::db::customers::{self, By, Status};
use shared::domain::{Timestamp, UserId};
use shared::stripe::objects::List;
use shared::stripe::{Billing, Event};
use standins::stripe::{Config, Stripe, sign};
use testkit::{Answer, Stack, TestApi, User};
use tokio::time::{Duration, Instant};

pub(crate) const SECRET: &str = "whsec_tests";

pub(crate) struct Shop {
    pub(crate) api: TestApi,
    pub(crate) billing: Billing,
    pub(crate) sql: tokio_postgres::Client,
    hook: User,
    stripe: Stripe,
    http: reqwest::Client,
}

/// What a customer's row says of the subscription; times in seconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) subscription: Option<String>,
    pub(crate) status: String,
    pub(crate) period: Option<(i64, i64)>,
    pub(crate) cancel_at: Option<i64>,
    pub(crate) past_due_since: Option<i64>,
    pub(crate) pro: String,
    pub(crate) pro_until: Option<i64>,
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
            .with("STRIPE_WEBHOOK_SECRET", format!("whsec_older, {SECRET}"))
            .with("STRIPE_PRICE_ID", "price_pro")
            .with("CHECKOUT_SUCCESS_URL", "https://app.example/paid")
            .with("CHECKOUT_CANCEL_URL", "https://app.example/plans")
            .with("PORTAL_RETURN_URL", "https://app.example/account");
        let billing = Billing::from_env(&stack.env(), stack.db(), stack.clock.clock()).unwrap();
        let probe: Value = billing.stripe.post(&["customers"], &[], "clock").await.unwrap();
        stack.clock.set(Timestamp::from_unix(probe["created"].as_i64().unwrap()).unwrap());
        let sql = stack.sql().await;
        let api = TestApi::on(stack, subscription::router);
        let hook = api.anyone().at(api.router_of(stripe_webhook::router));
        Self { api, billing, sql, hook, stripe, http: reqwest::Client::new() }
    }

    /// What people, banks and time do at Stripe to a `sessions` or `subscriptions` object; `null` if they cannot.
    pub(crate) async fn act(&self, kind: &str, id: &str, action: &str) -> Value {
        self.admin(&format!("{kind}/{id}"), json!({ "action": action })).await
    }

    /// An admin call of the stand-in; `null` if it is refused.
    pub(crate) async fn admin(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/admin/{path}", self.stripe.url());
        let answer = self.http.post(url).body(body.to_string()).send().await.unwrap();
        let done = answer.status().is_success();
        let body = answer.bytes().await.unwrap();
        if done { serde_json::from_slice(&body).unwrap_or_default() } else { Value::Null }
    }

    /// The calls that were made to Stripe, as `METHOD /path`.
    pub(crate) async fn calls(&self) -> Vec<String> {
        let answer = self.http.get(format!("{}/admin/calls", self.stripe.url())).send().await.unwrap();
        let calls: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        let calls = calls["calls"].as_array().unwrap().iter();
        calls.map(|call| format!("{} {}", call["method"].as_str().unwrap(), call["path"].as_str().unwrap())).collect()
    }

    /// A user with an open checkout: the user and the session's id.
    pub(crate) async fn customer(&self) -> (User, String) {
        let user = self.api.signed_in().await;
        let opened = user.post("/subscribe/pro", json!(null)).await.body();
        (user, opened["session_id"].as_str().unwrap().to_owned())
    }

    /// A user who has paid at Stripe, of which nothing was heard yet: the user and the subscription's id.
    pub(crate) async fn buyer(&self) -> (User, String) {
        let (user, session) = self.customer().await;
        let paid = self.act("sessions", &session, "pay").await;
        (user, paid["subscription"].as_str().unwrap().to_owned())
    }

    /// A user who has paid, and whose subscription is known.
    pub(crate) async fn subscriber(&self) -> (User, String) {
        let (user, subscription) = self.buyer().await;
        self.billing.sync(By::User(user.id.unwrap())).await.unwrap().unwrap();
        (user, subscription)
    }

    /// Stripe's events so far, the newest first.
    pub(crate) async fn events(&self) -> Vec<Value> {
        let list: List<Value> = self.billing.stripe.get(&["events"], &[("limit", "100")]).await.unwrap();
        list.data
    }

    /// The newest event of a type.
    pub(crate) async fn event(&self, kind: &str) -> Value {
        let events = self.events().await;
        events.into_iter().find(|event| event["type"] == kind).unwrap_or_else(|| panic!("no {kind}"))
    }

    /// Sends a body with a header, as the gateway does.
    pub(crate) async fn send(&self, path: &str, header: &str, body: impl Into<axum::body::Body>) -> Answer {
        let headers = [("stripe-signature", header), ("content-type", "application/json; charset=utf-8")];
        self.hook.raw(Method::POST, path, &headers, body).await
    }

    /// Delivers an event as Stripe does.
    pub(crate) async fn deliver(&self, event: &Value) -> Answer {
        let body = serde_json::to_string_pretty(event).unwrap();
        let header = sign(body.as_bytes(), SECRET, self.api.stack.clock.now().unix());
        self.send("/webhook/stripe", &header, body).await
    }

    /// What the user is told.
    pub(crate) async fn known(&self, user: &User) -> Status {
        let now = self.api.stack.clock.now();
        customers::status(&self.billing.db, user.id.unwrap(), now).await.unwrap().unwrap()
    }

    /// The user's row, but for what counts its writes.
    pub(crate) async fn row(&self, user: UserId) -> Row {
        let sql = "select subscription_id, status, current_period_start as period_start,
                current_period_end as period_end, cancel_at, past_due_since,
                case when pro_until = 'infinity' then 'always' when pro_until is null then 'never' else 'until' end as pro,
                nullif(pro_until, 'infinity') as pro_until
            from customers where user_id = $1";
        let row = self.sql.query_one(sql, &[&user.0]).await.unwrap();
        let seconds = |name| row.get::<_, Option<Timestamp>>(name).map(Timestamp::unix);
        Row {
            subscription: row.get("subscription_id"),
            status: row.get("status"),
            period: seconds("period_start").zip(seconds("period_end")),
            cancel_at: seconds("cancel_at"),
            past_due_since: seconds("past_due_since"),
            pro: row.get("pro"),
            pro_until: seconds("pro_until"),
        }
    }

    /// What the user's row must be by what Stripe says of the subscription: worked out from its raw objects alone.
    pub(crate) async fn truth(&self, subscription: &str) -> Row {
        let object: Value = self.billing.stripe.get(&["subscriptions", subscription], &[]).await.unwrap();
        let customer: Value =
            self.billing.stripe.get(&["customers", object["customer"].as_str().unwrap()], &[]).await.unwrap();
        if customer["deleted"] == true {
            return Row { status: "none".into(), pro: "never".into(), ..Row::default() };
        }
        let query = [("subscription", subscription), ("status", "open"), ("limit", "100")];
        let open: Value = self.billing.stripe.get(&["invoices"], &query).await.unwrap();
        let status = object["status"].as_str().unwrap();
        let owed = open["data"].as_array().unwrap().iter().map(|one| &one["status_transitions"]["finalized_at"]);
        let owed = owed.filter_map(Value::as_i64).min();
        // A status that was set by force may owe nothing that is open; then the latest invoice counts.
        let latest: Value =
            self.billing.stripe.get(&["invoices", object["latest_invoice"].as_str().unwrap()], &[]).await.unwrap();
        let owed = owed.or(latest["status_transitions"]["finalized_at"].as_i64());
        let past_due_since = owed.filter(|_| status == "past_due");
        let item = &object["items"]["data"][0];
        let ended = matches!(status, "canceled" | "incomplete_expired");
        let (pro, pro_until) = match status {
            "active" | "trialing" => ("always", None),
            "past_due" => ("until", past_due_since.map(|since| since + 3 * 86_400)),
            _ => ("never", None),
        };
        Row {
            subscription: Some(subscription.to_owned()),
            status: status.to_owned(),
            period: item["current_period_start"].as_i64().zip(item["current_period_end"].as_i64()),
            cancel_at: object["cancel_at"].as_i64().filter(|_| !ended),
            past_due_since,
            pro: pro.into(),
            pro_until,
        }
    }

    /// Whether an event was recorded, and whether it was dealt with.
    pub(crate) async fn recorded(&self, event: &Value) -> Option<bool> {
        let sql = "select processed_at is not null from stripe_events where id = $1";
        self.sql.query_opt(sql, &[&event["id"].as_str().unwrap()]).await.unwrap().map(|row| row.get(0))
    }

    /// A reconciliation with time enough.
    pub(crate) async fn reconcile(&self) -> Reconciled {
        reconcile(&self.billing, Instant::now() + Duration::from_secs(30)).await.unwrap()
    }
}

/// An event as the functions read it.
pub(crate) fn read(event: &Value) -> Event {
    Event::read(event).unwrap()
}
