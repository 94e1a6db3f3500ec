//! One event or customer of Stripe's, processed again because an operator wants it.

use serde::{Deserialize, Serialize};
use shared::Fault;
use shared::db::customers::By;
use shared::db::stripe_events;
use shared::stripe::Billing;

use crate::reconcile::fetch;

/// What an operator wants to be processed again.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Replay {
    /// A customer of Stripe (`cus_…`).
    Customer(String),
    /// An event (`evt_…`), whether or not it was processed.
    Event(String),
}

/// Whether there was anything to process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// `false` if Stripe or the database does not know it.
    pub found: bool,
}

/// Processes one event or customer again.
pub async fn replay(billing: &Billing, what: &Replay) -> Result<Replayed, Fault> {
    match what {
        Replay::Customer(id) => {
            let synced = billing.sync_customer(By::Stripe(id)).await?;
            Ok(Replayed { found: synced.is_some() })
        }
        Replay::Event(id) => {
            let Some(event) = fetch(billing, id).await? else { return Ok(Replayed { found: false }) };
            stripe_events::reopen(&billing.db, &event.id).await?;
            billing.process_event(&event).await?;
            Ok(Replayed { found: true })
        }
    }
}
