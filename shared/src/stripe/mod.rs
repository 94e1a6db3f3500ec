//! Stripe: its API, its events, and the rules of billing. Stripe is always right; a row here is its last known state.
//!
//! - [`Stripe`]: calls to the API. [`objects`]: what is read from its answers. [`Event`]: what is read from its events.
//! - [`StripeError`]: why a call failed, and whether it may succeed later.
//! - [`signature`]: whether an event comes from Stripe.
//! - [`Billing`]: syncs a customer's row with Stripe, under its lock, whenever an event hints at a change.
//! - [`cancel_for_deletion`]: runs before an account is deleted. Later payments for that account are refunded
//!   (`orphan`), and its customer is deleted at Stripe when nothing is owed any more (`erasure`).

mod arrears;
mod billing;
mod client;
mod closing;
mod erasure;
mod error;
mod event;
pub mod objects;
mod orphan;
mod prices;
pub mod signature;
mod sync;

pub use billing::Billing;
pub use client::Stripe;
pub use closing::cancel_for_deletion;
pub use error::{Reason, Refusal, StripeError};
pub use event::{Event, HANDLED, Subject, TYPES_A_LIST};
pub use prices::Prices;
