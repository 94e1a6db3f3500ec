//! The deployed stack: `dev/up cargo test -p e2e`.

#![cfg(test)]

mod allowance;
mod bad_input;
mod journey;
mod operators;
mod pages;
mod replies;
mod streaming;
mod webhook;
