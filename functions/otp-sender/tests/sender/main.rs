//! The sender on a real Postgres and Redis, with a stand-in of SNS.

mod batches;
mod codes;
mod failures;
mod kit;
mod secrets;
mod start;
