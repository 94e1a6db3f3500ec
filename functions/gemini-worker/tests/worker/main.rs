//! The worker on a real Postgres and Redis, with Gemini as a server that fails on demand.

#![cfg(test)]

mod answers;
mod arrived;
mod attempts;
mod batches;
mod cancelling;
mod kit;
mod leases;
mod live;
mod live_faults;
mod metrics;
mod retries;
mod script;
mod thoughts;
mod time;
mod wire;
