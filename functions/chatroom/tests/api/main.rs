//! `/chatroom` through its router, on a real Postgres and Redis.

#![cfg(test)]

mod allowance;
mod bad_input;
mod idempotency;
mod list;
mod messages;
mod nobody_starves_others;
mod plans;
mod program;
mod races;
mod rooms;
mod scale;
mod sizes;
mod waiting;
