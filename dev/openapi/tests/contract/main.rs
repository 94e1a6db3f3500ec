//! The contract and the code agree, and what it says of all operations holds.

#![cfg(test)]

mod conventions;
mod document;
mod others;
mod page;
mod routes;
mod service;
