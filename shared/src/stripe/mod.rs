//! Stripe: its API, its events, and the rules of billing. Stripe is always right; a row here is what it said last.
//!
//! - [`Stripe`]: calls to the API. [`objects`]: what is read of its answers. [`Event`]: what is read of its events.
//! - [`signature`]: whether an event is Stripe's. [`State`]: what a subscription's state entitles to, one table.
//! - [`Billing`]: a customer's row is brought to what Stripe says, under its lock, whenever an event hints at a change.
//! - [`cancel_for_deletion`]: before an account goes. What is paid for a deleted account is given back (`orphan`).

mod arrears;
mod billing;
mod client;
mod closing;
mod event;
pub mod objects;
mod orphan;
pub mod signature;
mod state;
mod sync;

pub use billing::Billing;
pub use client::{Stripe, StripeError};
pub use closing::cancel_for_deletion;
pub use event::{Event, HANDLED, Subject};
pub use state::{Entitlement, State};
