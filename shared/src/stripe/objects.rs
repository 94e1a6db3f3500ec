//! The fields of Stripe's objects that are read. All others may change without any effect here.

mod charge;
mod invoice;
mod text;

use serde::{Deserialize, Deserializer};

use crate::domain::SubscriptionState;

pub use charge::{Charge, Dispute, Refund};
pub(super) use invoice::owed_lately;
pub use invoice::{Invoice, Transitions};
pub(super) use text::{is_id, time};

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
    #[serde(deserialize_with = "text::id")]
    pub id: String,
    /// Whether it was deleted.
    #[serde(default)]
    pub deleted: bool,
}

/// A subscription.
#[derive(Debug, Deserialize)]
pub struct Subscription {
    /// Its id.
    #[serde(deserialize_with = "text::id")]
    pub id: String,
    /// Its customer; needs `expand`.
    pub customer: Customer,
    /// Its state.
    #[serde(deserialize_with = "state")]
    pub status: SubscriptionState,
    /// That payments are not collected at present, and until when.
    #[serde(default)]
    pub pause_collection: Option<PauseCollection>,
    /// Why it is in its state, where Stripe says so.
    pub status_details: Option<StatusDetails>,
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

/// Payments that are not collected at present.
#[derive(Debug, Deserialize)]
pub struct PauseCollection {
    /// When they are collected again, in seconds, if that is known.
    pub resumes_at: Option<i64>,
}

/// Why a subscription is in its state.
#[derive(Debug, Deserialize)]
pub struct StatusDetails {
    /// Why it is paused.
    pub paused: Option<Paused>,
}

/// Why a subscription is paused.
#[derive(Debug, Deserialize)]
pub struct Paused {
    /// Who or what paused it.
    pub subscription: Option<Pause>,
}

/// What paused a subscription.
#[derive(Debug, Deserialize)]
pub struct Pause {
    /// `pause_requested`, `first_payment_failure`, `final_payment_failure`, `trial_end_without_payment_method` or
    /// `system`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

impl Subscription {
    /// Whether it is paused because a payment failed.
    pub fn is_paused_for_payment(&self) -> bool {
        let pause = self.status_details.as_ref().and_then(|details| details.paused.as_ref()?.subscription.as_ref());
        let kind = pause.and_then(|pause| pause.kind.as_deref());
        matches!(kind, Some("first_payment_failure" | "final_payment_failure"))
    }
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
    #[serde(deserialize_with = "text::id")]
    pub id: String,
    /// What it waits for.
    pub status: String,
    /// The last attempt to charge the money; needs `expand`.
    pub latest_charge: Option<Charge>,
}

/// A checkout session.
#[derive(Debug, Deserialize)]
pub struct Session {
    /// Its id.
    #[serde(deserialize_with = "text::id")]
    pub id: String,
    /// `open`, `complete` or `expired`.
    pub status: Option<String>,
    /// The URL where it is paid, while it is open.
    #[serde(default, deserialize_with = "text::url")]
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
