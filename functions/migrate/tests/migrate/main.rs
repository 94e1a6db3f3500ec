//! `migrate` on an empty database, with a stand-in for the URL where CloudFormation waits.

#![cfg(test)]

mod cloudformation;
mod pooler;
mod production;
mod role;
mod schema;
mod world;
