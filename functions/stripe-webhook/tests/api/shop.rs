//! The shop of the tests, with the webhook to which they deliver Stripe's events, and with what the rows must hold.

use std::ops::Deref;

use axum::http::Method;
use maintenance::reconcile::{Reconciled, reconcile};
use serde_json::Value;
use shared::domain::{SubscriptionState, Timestamp, UserId};
use shared::stripe::Event;
use shared::stripe::objects::List;
use standins::stripe::sign;
use testkit::{Answer, User, WEBHOOK_SECRET};
use tokio::time::{Duration, Instant};

pub(crate) struct Shop {
    common: testkit::Shop,
    pub(crate) sql: tokio_postgres::Client,
    pub(crate) hook: User,
}

impl Deref for Shop {
    type Target = testkit::Shop;

    fn deref(&self) -> &testkit::Shop {
        &self.common
    }
}

/// The subscription in a customer's row; times in seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) subscription: Option<String>,
    pub(crate) state: SubscriptionState,
    pub(crate) period: Option<(i64, i64)>,
    pub(crate) cancel_at: Option<i64>,
    pub(crate) past_due_since: Option<i64>,
    pub(crate) pro: String,
    pub(crate) pro_until: Option<i64>,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::on(testkit::Stack::start().await).await
    }

    /// A shop on a stack.
    pub(crate) async fn on(stack: testkit::Stack) -> Self {
        let common = testkit::Shop::on(stack, subscription::router).await;
        let hook = common.api.anyone().at(common.api.router_of(stripe_webhook::router));
        Self { sql: common.api.stack.sql().await, common, hook }
    }

    /// Stripe's events so far, newest first.
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
        let header = sign(body.as_bytes(), WEBHOOK_SECRET, self.api.stack.clock.now().unix());
        self.send("/webhook/stripe", &header, body).await
    }

    /// The user's row, without the columns that count its writes.
    pub(crate) async fn row(&self, user: UserId) -> Row {
        let sql = "select subscription_id, status, current_period_start as period_start,
                current_period_end as period_end, cancel_at, past_due_since,
                case when pro_until = 'infinity' then 'always' when pro_until is null then 'never' else 'until' end as pro,
                nullif(pro_until, 'infinity') as pro_until
            from customers where user_id = $1";
        let row = self.sql.query_one(sql, &[&user]).await.unwrap();
        let seconds = |name| row.get::<_, Option<Timestamp>>(name).map(Timestamp::unix);
        Row {
            subscription: row.get("subscription_id"),
            state: row.get("status"),
            period: seconds("period_start").zip(seconds("period_end")),
            cancel_at: seconds("cancel_at"),
            past_due_since: seconds("past_due_since"),
            pro: row.get("pro"),
            pro_until: seconds("pro_until"),
        }
    }

    /// The expected row of the user, computed only from Stripe's raw objects.
    pub(crate) async fn truth(&self, subscription: &str) -> Row {
        let object: Value = self.billing.stripe.get(&["subscriptions", subscription], &[]).await.unwrap();
        let customer: Value =
            self.billing.stripe.get(&["customers", object["customer"].as_str().unwrap()], &[]).await.unwrap();
        if customer["deleted"] == true {
            return Row {
                subscription: None,
                state: SubscriptionState::None,
                period: None,
                cancel_at: None,
                past_due_since: None,
                pro: "never".into(),
                pro_until: None,
            };
        }
        let query = [("subscription", subscription), ("limit", "100")];
        let all: Value = self.billing.stripe.get(&["invoices"], &query).await.unwrap();
        let status = object["status"].as_str().unwrap();
        // The newest first: those that are open without a settled one in between.
        let is_open = |one: &&Value| one["status"] == "open";
        let open = all["data"].as_array().unwrap().iter().skip_while(|one| !is_open(one)).take_while(is_open);
        let owed = open.filter_map(|one| one["status_transitions"]["finalized_at"].as_i64()).min();
        // After `set_status` there may be no open invoice; then the latest invoice counts.
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
            state: SubscriptionState::parse(status).unwrap(),
            period: item["current_period_start"].as_i64().zip(item["current_period_end"].as_i64()),
            cancel_at: object["cancel_at"].as_i64().filter(|_| !ended),
            past_due_since,
            pro: pro.into(),
            pro_until,
        }
    }

    /// Whether an event was recorded, and whether it was processed.
    pub(crate) async fn recorded(&self, event: &Value) -> Option<bool> {
        let sql = "select processed_at is not null from stripe_events where id = $1";
        self.sql.query_opt(sql, &[&event["id"].as_str().unwrap()]).await.unwrap().map(|row| row.get(0))
    }

    /// Runs a reconciliation with enough time.
    pub(crate) async fn reconcile(&self) -> Reconciled {
        reconcile(&self.billing, Instant::now() + Duration::from_secs(30)).await.unwrap()
    }
}

/// An event as the functions parse it.
pub(crate) fn read(event: &Value) -> Event {
    Event::read(event).unwrap()
}
