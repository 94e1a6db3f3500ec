//! Postgres as it behaves in production: a failover, a server that falls silent, a pooler in between.

#![cfg(test)]

mod failover;
mod pooler;
mod silence;
mod world;
