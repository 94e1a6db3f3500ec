//! What the tests use: their own database and Redis prefix, a clock that they move, and stand-ins for AWS and Stripe.
//!
//! `TEST_DATABASE_URL` and `TEST_REDIS_URL` name the servers (`dev/services` starts private ones and sets both).

#![expect(clippy::expect_used, clippy::missing_panics_doc, clippy::panic, reason = "a test that cannot go on says why")]

mod api;
mod contract;
mod database;
mod deletions;
mod events;
mod fields;
mod logs;
mod mutations;
mod program;
mod redis_server;
mod relay;
mod runtime_api;
mod servers;
mod shop;
mod sqs;
mod stack;
mod visit;

pub use api::{Answer, Build, TestApi, User};
pub use database::migrate;
pub use deletions::Deletions;
pub use events::{event, events_folder, request};
pub use logs::{Logs, capture, capture_at};
pub use program::{Program, answers_every_event};
pub use redis_server::RedisServer;
pub use relay::Relay;
pub use runtime_api::{Outcome, Pieces, RuntimeApi};
pub use servers::{Secured, Server};
pub use shop::Shop;
pub use sqs::{Sent, Sqs};
pub use stack::{Stack, TestClock, WEBHOOK_SECRET};
pub use visit::visit;
