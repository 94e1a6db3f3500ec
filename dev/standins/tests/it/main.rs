//! Tests the stand-ins over HTTP, as the backend calls them.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a helper's failure fails its test")]

mod gemini_answers;
mod gemini_faults;
mod gemini_models;
mod homes;
mod stripe_api;
mod stripe_catalog;
mod stripe_keep;
mod stripe_lifecycle;
mod stripe_pages;
mod stripe_setup;
mod stripe_webhooks;
mod support;
mod turnstile;
