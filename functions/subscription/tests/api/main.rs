//! The subscription endpoints against a stand-in of Stripe.

mod calls;
mod cancel;
mod history;
mod portal;
mod shop;
mod status;
mod subscribe;
