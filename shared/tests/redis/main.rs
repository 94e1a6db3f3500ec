//! Redis as it really behaves: it fails over, refuses, loses answers, and goes silent.

#![cfg(test)]

mod failover;
mod live;
mod refusals;
mod repetition;
mod watchers;

use shared::cache::Cache;
use shared::config::Env;

/// The cache at a host and port.
fn cache(address: &str) -> Cache {
    let url = format!("redis://{address}");
    Cache::from_env(&Env::from_fn(move |name| (name == "REDIS_URL").then(|| url.clone()))).unwrap()
}
