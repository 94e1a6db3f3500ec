//! Billing: a customer's row is synced with Stripe, on request or because of an event.

use std::time::Duration;

use super::objects::Charge;
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

    /// Syncs the row of the event's customer with Stripe, even if nothing has changed.
    pub async fn sync_subject(&self, event: &Event) -> Result<(), Fault> {
        let customer = match &event.subject {
            Subject::Customer(id) => Some(id.clone()),
            Subject::Charge(id) => match self.stripe.get::<Charge>(&["charges", id], &[]).await {
                Ok(charge) => charge.customer,
                Err(error) if error.is_missing() => None,
                Err(error) => return Err(error.into()),
            },
            Subject::Nobody => None,
        };
        let row = match &customer {
            Some(id) => self.sync_customer(By::Stripe(id)).await?,
            None => None,
        };
        let (kind, event) = (&event.kind, &event.id);
        match (&row, kind.as_str()) {
            (None, _) => tracing::info!(event, kind, "an event of a customer that is not ours"),
            (Some(_), "charge.dispute.created") => self.flag("Dispute", event, "a payment is disputed"),
            (Some(_), "refund.failed") => self.flag("RefundFailed", event, "a refund did not arrive"),
            (Some(_), _) => {}
        }
        Ok(())
    }

    /// Alerts people to what no program can resolve.
    fn flag(&self, metric: &str, event: &str, what: &str) {
        tracing::error!(event, what, "needs a person");
        telemetry::count(metric, 1, self.clock.now());
    }
}
