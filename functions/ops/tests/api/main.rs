//! `ops` through its router.

#![cfg(test)]

mod docs;
mod health;
mod operator_keys_cannot_be_guessed;
mod program;
mod queue;
mod root;
mod unknown_paths;
