//! The contract and the code agree, and what the contract says about all operations is true.

#![cfg(test)]

mod addresses;
mod bodies;
mod conventions;
mod document;
mod examples;
mod generators;
mod limits;
mod links;
mod others;
mod page;
mod postman;
mod routes;
mod service;
mod texts;
