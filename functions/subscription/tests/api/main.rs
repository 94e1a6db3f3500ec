//! The subscription endpoints with a stand-in of Stripe.

#![cfg(test)]

mod calls;
mod cancel;
mod history;
mod offer;
mod portal;
mod prices;
mod program;
mod refusals;
mod resume;
mod status;
mod subscribe;
