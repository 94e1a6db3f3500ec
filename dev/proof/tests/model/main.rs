//! A random run: users, workers, sweeps and the clock act in any order and at the same time. After each step, every
//! response and every row must be the model's.
//!
//! `PROOF_SEEDS` sets how many seeds run (1,000). A failure prints `PROOF_SEED=…`; with that variable the one seed runs
//! again. Then only the results of operations that run at the same time may differ.

#![cfg(test)]

mod choices;
mod execution;
mod lane;
mod model;
mod operation;
mod rule;
mod stored;
mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use testkit::TestApi;
use tokio::task::JoinSet;

use crate::lane::Lane;

const SEEDS: u64 = 1_000;
const LANES: usize = 6;

#[expect(clippy::disallowed_methods, reason = "the environment says which seeds run")]
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn in_every_order_of_operations_the_rows_are_the_models() {
    let seeds = match number("PROOF_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("PROOF_SEEDS").unwrap_or(SEEDS),
    };
    let api = Arc::new(TestApi::start(chatroom::router).await);
    let next = Arc::new(AtomicU64::new(seeds.start));
    let mut lanes: JoinSet<Result<(), String>> = JoinSet::new();
    for _ in 0..LANES.min(usize::try_from(seeds.end - seeds.start).unwrap()) {
        let (api, next, end) = (api.clone(), next.clone(), seeds.end);
        lanes.spawn(async move {
            let lane = Lane::on(&api).await;
            loop {
                let seed = next.fetch_add(1, Ordering::SeqCst);
                if seed >= end {
                    return Ok(());
                }
                world::run(&lane, seed).await.map_err(|problem| format!("{problem}\nPROOF_SEED={seed}"))?;
            }
        });
    }
    while let Some(lane) = lanes.join_next().await {
        if let Err(problem) = lane.unwrap() {
            panic!("{problem}");
        }
    }
}
