//! `ops` through its router.

#![cfg(test)]

mod docs;
mod health;
mod queue;
mod unknown_paths;
