//! Invoices, and which of them a subscription owes.

use serde::Deserialize;

use super::text;

/// An invoice.
#[derive(Debug, Clone, Deserialize)]
pub struct Invoice {
    /// Its id.
    #[serde(deserialize_with = "text::id")]
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
    /// When it must be paid, in seconds, if it is sent to the customer to be paid.
    #[serde(default)]
    pub due_date: Option<i64>,
    /// Why it was made: `subscription_cycle`, `manual`, …
    #[serde(default)]
    pub billing_reason: Option<String>,
    /// The URL where it can be seen and paid.
    #[serde(default, deserialize_with = "text::url")]
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
    /// Since when it is owed: since its due date, or since Stripe tried to collect it.
    pub fn due_since(&self) -> i64 {
        self.due_date.or(self.status_transitions.finalized_at).unwrap_or(self.created)
    }

    /// Whether it is to be paid.
    pub fn is_open(&self) -> bool {
        self.status.as_deref() == Some("open")
    }

    /// Whether it decides about its subscription's state: drafts do not yet, and what people add never does.
    fn counts(&self) -> bool {
        self.status.as_deref() != Some("draft") && self.billing_reason.as_deref() != Some("manual")
    }
}

/// The invoices of `all`, the newest first, that are owed since a subscription was last paid: the newest open ones, up
/// to one that was settled. What was left open before that is owed too, but is not why the subscription is past due.
pub(in crate::stripe) fn owed_lately(all: &[Invoice]) -> impl Iterator<Item = &Invoice> {
    let counting = all.iter().filter(|invoice| invoice.counts());
    counting.skip_while(|invoice| !invoice.is_open()).take_while(|invoice| invoice.is_open())
}
