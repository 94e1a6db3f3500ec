//! Stripe's events against a stand-in of Stripe: whatever comes, in whatever order, the rows end as Stripe has them.

#![cfg(test)]

mod bytes;
mod deletion;
mod handled;
mod held;
mod orphans;
mod permutations;
mod random;
mod reconcile;
mod shop;
mod signature;
mod webhook;
