//! The fields of Stripe's objects that are read. All others may change without any effect here.

use serde::{Deserialize, Deserializer};

use crate::domain::{SubscriptionState, Timestamp};

/// A page of a list.
#[derive(Debug, Deserialize)]
pub struct List<T> {
    /// Its objects.
    pub data: Vec<T>,
    /// Whether another page follows.
    #[serde(default)]
    pub has_more: bool,
}

/// A customer, possibly deleted.
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
    /// Its customer; needs `expand`.
    pub customer: Customer,
    /// Its state.
    #[serde(deserialize_with = "state")]
    pub status: SubscriptionState,
    /// When it was made, in seconds.
    pub created: i64,
    /// When it will end, in seconds. The customer portal sets only this.
    pub cancel_at: Option<i64>,
    /// Whether it ends at the end of its period.
    #[serde(default)]
    pub cancel_at_period_end: bool,
    /// What is subscribed to; since version 2025-03-31 each item has its own billing period.
    pub items: List<Item>,
    /// The newest invoice; needs `expand`.
    pub latest_invoice: Option<Invoice>,
}

/// What is subscribed to.
#[derive(Debug, Deserialize)]
pub struct Item {
    /// Its price.
    pub price: Option<Price>,
    /// When its paid period began, in seconds.
    pub current_period_start: i64,
    /// When it ends, in seconds.
    pub current_period_end: i64,
}

/// A price.
#[derive(Debug, Deserialize)]
pub struct Price {
    /// Its id.
    pub id: String,
}

/// An invoice.
#[derive(Debug, Clone, Deserialize)]
pub struct Invoice {
    /// Its id.
    pub id: String,
    /// `draft`, `open`, `paid`, `uncollectible` or `void`.
    pub status: Option<String>,
    /// The total, in minor units of the currency.
    pub total: i64,
    /// The part of it that was paid.
    pub amount_paid: i64,
    /// Three letters, in lower case.
    pub currency: String,
    /// When it was made, in seconds.
    pub created: i64,
    /// The URL where it can be seen and paid.
    pub hosted_invoice_url: Option<String>,
    /// When its state changed.
    #[serde(default)]
    pub status_transitions: Transitions,
}

/// When an invoice's state changed, in seconds.
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
    /// The means of payment.
    pub payment: Payment,
}

/// The means by which an invoice is paid.
#[derive(Debug, Deserialize)]
pub struct Payment {
    /// The payment intent; other kinds of payment have none. Needs `expand`.
    pub payment_intent: Option<PaymentIntent>,
}

/// A payment intent.
#[derive(Debug, Deserialize)]
pub struct PaymentIntent {
    /// Its id.
    pub id: String,
    /// What it waits for.
    pub status: String,
    /// The last attempt to charge the money; needs `expand`.
    pub latest_charge: Option<Charge>,
}

/// A charge.
#[derive(Debug, Deserialize)]
pub struct Charge {
    /// Its customer.
    pub customer: Option<String>,
    /// Whether the money was charged.
    #[serde(default)]
    pub paid: bool,
    /// The refunded amount, in minor units.
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
    /// The URL where it is paid, while it is open.
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

/// An object of which nothing is read.
#[derive(Debug, Deserialize)]
pub struct Anything {}

/// Reads a state; a word that is not known yet is [`SubscriptionState::Unknown`].
fn state<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SubscriptionState, D::Error> {
    String::deserialize(deserializer).map(|word| SubscriptionState::of_stripe(&word))
}

/// A time of Stripe's.
pub(super) fn time(seconds: Option<i64>) -> Option<Timestamp> {
    seconds.and_then(Timestamp::from_unix)
}
