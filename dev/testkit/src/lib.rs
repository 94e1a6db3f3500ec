//! What the tests stand on: a database and a Redis prefix of their own, a clock they move, stand-ins for AWS.
//!
//! `TEST_DATABASE_URL` and `TEST_REDIS_URL` name the servers (`dev/services` starts private ones and sets both).

#![expect(clippy::expect_used, clippy::missing_panics_doc, clippy::panic, reason = "a test that cannot go on says why")]

mod api;
mod database;
mod events;
mod sqs;
mod stack;

pub use api::{Answer, TestApi, User};
pub use events::{event, events_folder, request};
pub use sqs::{Sent, Sqs};
pub use stack::{Stack, TestClock};
