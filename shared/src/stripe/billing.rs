//! Billing: what it takes to follow Stripe, and the two ways of doing so.

use std::time::Duration;

use super::objects::Charge;
use super::{Event, Stripe, Subject, sync};
use crate::config::{ConfigError, Env};
use crate::db::customers::{self, By, Customer, Held};
use crate::db::{Db, stripe_events};
use crate::domain::Clock;
use crate::{Fault, telemetry};

const DAY: Duration = Duration::from_hours(24);

/// What it takes to follow Stripe. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Billing {
    /// Where customers are kept.
    pub db: Db,
    /// Who is right.
    pub stripe: Stripe,
    /// How long a missing payment is forgiven.
    pub grace: Duration,
    /// Tells the time.
    pub clock: Clock,
}

impl Billing {
    /// Of the environment; the grace period is `PAST_DUE_GRACE_DAYS` (3).
    pub fn from_env(env: &Env, db: Db, clock: Clock) -> Result<Self, ConfigError> {
        let grace = DAY * env.parsed("PAST_DUE_GRACE_DAYS", 3)?;
        Ok(Self { db, stripe: Stripe::from_env(env)?, grace, clock })
    }

    /// Brings a held row to what Stripe says.
    pub async fn refresh(&self, held: &mut Held) -> Result<(), Fault> {
        sync::refresh(held, &self.stripe, self.grace, self.clock.now()).await
    }

    /// Brings a row to what Stripe says. `None` if there is no such row.
    pub async fn sync(&self, by: By<'_>) -> Result<Option<Customer>, Fault> {
        let Some(mut held) = customers::hold(&self.db, by).await? else { return Ok(None) };
        self.refresh(&mut held).await?;
        held.release().await.map(Some)
    }

    /// Takes an event, once: records it, follows it, marks it. If any of this fails it is not marked, and taking it
    /// again does it all again, which is harmless.
    pub async fn take(&self, event: &Event) -> Result<(), Fault> {
        let known =
            stripe_events::receive(&self.db, &event.id, &event.kind, event.customer(), self.clock.now()).await?;
        if known {
            return Ok(());
        }
        if event.is_handled() {
            self.follow(event).await?;
        }
        stripe_events::processed(&self.db, &event.id, self.clock.now()).await
    }

    /// Follows a hint: brings the row of whom it concerns to what Stripe says, whether or not that is news.
    pub async fn follow(&self, event: &Event) -> Result<(), Fault> {
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
            Some(id) => self.sync(By::Stripe(id)).await?,
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

    /// Tells people of what no program can settle.
    fn flag(&self, metric: &str, event: &str, what: &str) {
        tracing::error!(event, what, "needs a person");
        telemetry::count(metric, 1, self.clock.now());
    }
}
