//! What is read of Stripe's objects, and no more: everything else may change without us.

use serde::Deserialize;

use super::State;
use crate::domain::Timestamp;

/// A page of a list.
#[derive(Debug, Deserialize)]
pub struct List<T> {
    /// Its objects.
    pub data: Vec<T>,
    /// Whether another page follows.
    #[serde(default)]
    pub has_more: bool,
}

/// A customer, or what is left of one.
#[derive(Debug, Deserialize)]
pub struct Customer {
    /// Its id.
    pub id: String,
    /// Whether it was deleted.
    #[serde(default)]
    pub deleted: bool,
}

/// A subscription.
#[derive(Debug, Deserialize)]
pub struct Subscription {
    /// Its id.
    pub id: String,
    /// Whose it is; to be asked for with `expand`.
    pub customer: Customer,
    /// Its state.
    pub status: State,
    /// When it was made, in seconds.
    pub created: i64,
    /// When it will end, in seconds. The customer portal sets this alone.
    pub cancel_at: Option<i64>,
    /// Whether it ends with its period.
    #[serde(default)]
    pub cancel_at_period_end: bool,
    /// What is subscribed to; billing periods are the items' since version 2025-03-31.
    pub items: List<Item>,
    /// The newest invoice; to be asked for with `expand`.
    pub latest_invoice: Option<Invoice>,
}

/// What is subscribed to.
#[derive(Debug, Deserialize)]
pub struct Item {
    /// When its paid period began, in seconds.
    pub current_period_start: i64,
    /// When it ends, in seconds.
    pub current_period_end: i64,
}

/// An invoice.
#[derive(Debug, Clone, Deserialize)]
pub struct Invoice {
    /// Its id.
    pub id: String,
    /// `draft`, `open`, `paid`, `uncollectible` or `void`.
    pub status: Option<String>,
    /// In minor units of the currency.
    pub total: i64,
    /// Of it, what was paid.
    pub amount_paid: i64,
    /// Three letters, in lower case.
    pub currency: String,
    /// When it was made, in seconds.
    pub created: i64,
    /// Where it can be seen and paid.
    pub hosted_invoice_url: Option<String>,
    /// When it went through its states.
    #[serde(default)]
    pub status_transitions: Transitions,
}

/// When an invoice went through its states, in seconds.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct Transitions {
    /// When it became due.
    pub finalized_at: Option<i64>,
    /// When it was paid.
    pub paid_at: Option<i64>,
}

impl Invoice {
    /// Since when it is owed.
    pub fn due_since(&self) -> i64 {
        self.status_transitions.finalized_at.unwrap_or(self.created)
    }
}

/// A payment of an invoice.
#[derive(Debug, Deserialize)]
pub struct InvoicePayment {
    /// By what it is made.
    pub payment: Payment,
}

/// By what an invoice is paid.
#[derive(Debug, Deserialize)]
pub struct Payment {
    /// The payment intent; other kinds of payment have none. To be asked for with `expand`.
    pub payment_intent: Option<PaymentIntent>,
}

/// A payment intent.
#[derive(Debug, Deserialize)]
pub struct PaymentIntent {
    /// Its id.
    pub id: String,
    /// What it waits for.
    pub status: String,
    /// The last attempt to take the money; to be asked for with `expand`.
    pub latest_charge: Option<Charge>,
}

/// A charge.
#[derive(Debug, Deserialize)]
pub struct Charge {
    /// Whose it is.
    pub customer: Option<String>,
    /// Whether the money was taken.
    #[serde(default)]
    pub paid: bool,
    /// What was given back, in minor units.
    #[serde(default)]
    pub amount_refunded: i64,
}

/// A checkout session.
#[derive(Debug, Deserialize)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// `open`, `complete` or `expired`.
    pub status: Option<String>,
    /// Where it is paid, while it is open.
    pub url: Option<String>,
    /// When it closes, in seconds.
    pub expires_at: i64,
}

/// A link to the customer portal.
#[derive(Debug, Deserialize)]
pub struct PortalSession {
    /// The link.
    pub url: String,
}

/// An object whose answer does not matter beyond its coming.
#[derive(Debug, Deserialize)]
pub struct Anything {}

/// A time of Stripe's.
pub(super) fn time(seconds: Option<i64>) -> Option<Timestamp> {
    seconds.and_then(Timestamp::from_unix)
}
