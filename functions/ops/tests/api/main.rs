//! `ops` through its router.

mod health;
mod queue;
mod unknown_paths;
