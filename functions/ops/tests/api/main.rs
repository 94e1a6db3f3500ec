//! `ops` through its router.

#![cfg(test)]

mod docs;
mod health;
mod program;
mod queue;
mod unknown_paths;
