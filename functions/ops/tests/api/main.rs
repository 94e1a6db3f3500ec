//! `ops` through its router.

#![cfg(test)]

mod health;
mod queue;
mod unknown_paths;
