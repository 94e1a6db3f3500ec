//! The streaming door through its router, on a real Postgres and Redis.

#![cfg(test)]

mod admission;
mod doors;
mod faults;
mod following;
mod kit;
mod program;
mod sending;
mod text;
