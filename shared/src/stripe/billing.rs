//! Billing: a customer's row is synced with Stripe, on request or because of an event.

use std::time::Duration;

use serde_json::Value;

use super::{Event, Prices, Stripe, Subject, sync};
use crate::config::{ConfigError, Env};
use crate::db::customers::{self, By, Customer, Held};
use crate::db::{Db, stripe_events};
use crate::domain::{Clock, Timestamp};
use crate::{Fault, telemetry};

const DAY: Duration = Duration::from_hours(24);

/// What is needed to sync customers with Stripe. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Billing {
    /// Where customers are kept.
    pub db: Db,
    /// Stripe's API, which is always right.
    pub stripe: Stripe,
    /// The grace period: how long a user stays Pro while a payment is missing.
    pub grace: Duration,
    /// The prices of Pro.
    pub prices: Prices,
    /// Tells the time.
    pub clock: Clock,
}

impl Billing {
    /// Reads the settings of Stripe, the prices, and the grace period: `PAST_DUE_GRACE_DAYS` (3).
    pub fn from_env(env: &Env, db: Db, clock: Clock) -> Result<Self, ConfigError> {
        let grace = DAY * env.parsed("PAST_DUE_GRACE_DAYS", 3)?;
        Ok(Self { db, stripe: Stripe::from_env(env)?, grace, prices: Prices::from_env(env)?, clock })
    }

    /// Syncs a held row with Stripe.
    pub async fn sync_held(&self, held: &mut Held) -> Result<(), Fault> {
        sync::sync(held, &self.stripe, &self.prices, self.grace, self.clock.now()).await
    }

    /// Syncs a row with Stripe. `None` if there is no such row.
    pub async fn sync_customer(&self, by: By<'_>) -> Result<Option<Customer>, Fault> {
        let Some(mut held) = customers::hold(&self.db, by).await? else { return Ok(None) };
        self.sync_held(&mut held).await?;
        held.release().await.map(Some)
    }

    /// Processes an event once: records it, syncs its customer, marks it as processed. If any of this fails it is not
    /// marked. Processing it again then repeats everything, which is harmless.
    pub async fn process_event(&self, event: &Event) -> Result<(), Fault> {
        let (now, path) = (self.clock.now(), event.path());
        let (customer, path) = (event.customer(), path.as_deref());
        if stripe_events::receive(&self.db, &event.id, &event.kind, customer, path, now).await? {
            return Ok(());
        }
        if !event.is_handled() {
            return stripe_events::processed(&self.db, &event.id, now).await;
        }
        let customer = self.customer_of(event.subject.clone()).await?;
        let held = match &customer {
            Some(id) => customers::hold(&self.db, By::Stripe(id)).await?,
            None => None,
        };
        match held {
            Some(held) => self.process_held(held, event).await,
            None => self.process_strange(event, customer.is_none()).await,
        }
    }

    /// Processes an event of a customer of ours. It is marked first, in the transaction that syncs the row: another
    /// delivery of the same event then waits for this one, and asks Stripe nothing.
    async fn process_held(&self, mut held: Held, event: &Event) -> Result<(), Fault> {
        if !held.processed(&event.id, self.clock.now()).await? {
            return held.release().await.map(drop);
        }
        let matter = Matter::of(event, true);
        let is_news = match &matter {
            Some(matter) => held.first(&matter.id, &event.kind, self.clock.now()).await?,
            None => false,
        };
        self.sync_held(&mut held).await?;
        // Told before it counts as told: if the process dies between, it is told twice, which is better than never.
        if let Some(matter) = matter.filter(|_| is_news) {
            matter.tell(event, self.clock.now());
        }
        held.release().await.map(drop)
    }

    /// Processes an event of a customer that is not ours, or of nobody.
    async fn process_strange(&self, event: &Event, is_of_nobody: bool) -> Result<(), Fault> {
        let now = self.clock.now();
        tracing::info!(event = event.id, kind = event.kind, "an event of a customer that is not ours");
        // A refund of which nobody knows the customer may be ours.
        if let Some(matter) = Matter::of(event, false).filter(|_| is_of_nobody)
            && stripe_events::first(&self.db, &matter.id, &event.kind, now).await?
        {
            matter.tell(event, now);
        }
        stripe_events::processed(&self.db, &event.id, now).await
    }

    /// The customer that an event concerns. Objects that name another object are followed twice: a thin event leads to
    /// a refund, say, and that to its payment.
    async fn customer_of(&self, mut subject: Subject) -> Result<Option<String>, Fault> {
        for _ in 0..3 {
            let path = match &subject {
                Subject::Customer(id) => return Ok(Some(id.clone())),
                Subject::Nobody => return Ok(None),
                Subject::Charge(id) => vec!["charges", id],
                Subject::PaymentIntent(id) => vec!["payment_intents", id],
                Subject::Path(segments) => segments.iter().map(String::as_str).collect(),
            };
            subject = match self.stripe.get::<Value>(&path, &[]).await {
                Ok(object) => Subject::of(&object),
                Err(error) if error.is_missing() => Subject::Nobody,
                Err(error) => return Err(error.into()),
            };
        }
        Ok(None)
    }
}

/// What no program can resolve. People are told of it once: the same matter may be told by several events, and by one
/// event several times.
struct Matter {
    metric: &'static str,
    what: &'static str,
    /// By this a matter is recognised.
    id: String,
}

impl Matter {
    /// The matter that an event is about, if it is about one.
    fn of(event: &Event, is_ours: bool) -> Option<Self> {
        let (metric, what) = match event.kind.as_str() {
            "charge.dispute.created" if is_ours => ("Dispute", "a payment is disputed"),
            "refund.failed" => ("RefundFailed", "a refund did not arrive"),
            _ => return None,
        };
        Some(Self { metric, what, id: format!("{metric}:{}", event.object.as_ref().unwrap_or(&event.id)) })
    }

    /// Alerts people.
    fn tell(&self, event: &Event, now: Timestamp) {
        tracing::error!(event = event.id, what = self.what, "needs a person");
        telemetry::count(self.metric, 1, now);
    }
}
