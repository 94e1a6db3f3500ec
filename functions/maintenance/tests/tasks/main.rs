//! `maintenance` through its events, on a real Postgres and a stand-in for SQS.

#![cfg(test)]

mod events;
mod expire;
mod sweep;
mod world;
