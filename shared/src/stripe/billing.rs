//! Billing: a customer's row is synced with Stripe, on request or because of an event.

use std::time::Duration;

use serde_json::Value;

use super::{Event, Prices, Stripe, Subject, sync};
use crate::config::{ConfigError, Env};
use crate::db::customers::{self, By, Customer, Held};
use crate::db::{Db, stripe_events};
use crate::domain::Clock;
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

    /// Processes an event once: records it, syncs its subject, marks it as processed. If any of this fails it is not
    /// marked. Processing it again then repeats everything, which is harmless.
    pub async fn process_event(&self, event: &Event) -> Result<(), Fault> {
        let known =
            stripe_events::receive(&self.db, &event.id, &event.kind, event.customer(), self.clock.now()).await?;
        if known {
            return Ok(());
        }
        if event.is_handled() {
            self.sync_subject(event).await?;
        }
        stripe_events::processed(&self.db, &event.id, self.clock.now()).await
    }

    /// Syncs the row of the event's customer with Stripe, even if nothing has changed, and alerts people to what no
    /// program can resolve.
    pub async fn sync_subject(&self, event: &Event) -> Result<(), Fault> {
        let customer = self.customer_of(event.subject.clone()).await?;
        let row = match &customer {
            Some(id) => self.sync_customer(By::Stripe(id)).await?,
            None => None,
        };
        let (id, kind) = (&event.id, event.kind.as_str());
        if row.is_none() {
            tracing::info!(event = id, kind, "an event of a customer that is not ours");
        }
        match kind {
            "charge.dispute.created" if row.is_some() => self.flag("Dispute", event, "a payment is disputed").await,
            // A refund of which nobody knows the customer may be ours.
            "refund.failed" if row.is_some() || customer.is_none() => {
                self.flag("RefundFailed", event, "a refund did not arrive").await
            }
            _ => Ok(()),
        }
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

    /// Alerts people once a matter: the same one may be told by several events, and by one event several times.
    async fn flag(&self, metric: &str, event: &Event, what: &str) -> Result<(), Fault> {
        let now = self.clock.now();
        let matter = format!("{metric}:{}", event.object.as_ref().unwrap_or(&event.id));
        if stripe_events::first(&self.db, &matter, &event.kind, now).await? {
            tracing::error!(event = event.id, what, "needs a person");
            telemetry::count(metric, 1, now);
        }
        Ok(())
    }
}
