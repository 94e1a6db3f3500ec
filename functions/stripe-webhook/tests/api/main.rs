//! Stripe's events, with a stand-in of Stripe: whatever arrives, in whatever order, the rows end with Stripe's state.

#![cfg(test)]

mod bytes;
mod deletion;
mod erasure;
mod handled;
mod held;
mod one_connection;
mod orphans;
mod people;
mod permutations;
mod program;
mod random;
mod reconcile;
mod shop;
mod signature;
mod thin;
mod webhook;
