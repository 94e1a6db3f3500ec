//! What the functions share. Dependencies go one way: `chat → http → stripe → auth · cache · db · queue → domain`.
//!
//! - [`domain`]: values that are right by construction, the clock, the rules without I/O.
//! - [`db`]: Postgres, the only SQL. [`cache`]: Redis. [`queue`]: SQS. [`stripe`]: Stripe's API and billing rules.
//! - [`auth`]: keys, tokens, codes, passwords.
//! - [`http`]: the edge: problems, extractors, cursors, the layers of every router.
//! - [`chat`]: what both doors of the chat share.
//! - [`config`], [`telemetry`], [`tls`], [`runtime`]: what a process needs before its first request.

pub mod auth;
pub mod aws;
pub mod cache;
pub mod chat;
pub mod config;
pub mod db;
pub mod domain;
mod fault;
pub mod http;
pub mod queue;
pub mod runtime;
pub mod stripe;
pub mod telemetry;
pub mod tls;

pub use fault::Fault;
