//! The stand-ins, asked over HTTP as the backend asks them.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a helper that fails fails its test")]

mod gemini_answers;
mod gemini_faults;
mod stripe_api;
mod stripe_lifecycle;
mod stripe_pages;
mod stripe_webhooks;
mod support;
