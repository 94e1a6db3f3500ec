//! The contract and the code agree, and what it says of all operations holds.

#![cfg(test)]

mod conventions;
mod document;
mod examples;
mod limits;
mod links;
mod others;
mod page;
mod postman;
mod routes;
mod service;
mod texts;
