//! The subscription endpoints against a stand-in of Stripe.

#![cfg(test)]

mod calls;
mod cancel;
mod history;
mod portal;
mod shop;
mod status;
mod subscribe;
