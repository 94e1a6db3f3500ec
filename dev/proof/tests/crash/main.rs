//! A process that accepts, answers or sweeps is killed before and after every single exchange with Postgres, Redis, SQS
//! and Gemini, three times each. Then the other processes recover, and the whole history is checked.

#![cfg(test)]

mod lane;
mod scenario;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use proof::Side;
use tokio::task::JoinSet;

use crate::lane::Lane;
use crate::scenario::Scenario;

const TIMES: usize = 3;
const LANES: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn nothing_is_lost_and_nothing_happens_twice_wherever_a_process_is_killed() {
    use Scenario::{Accept, Answer, Cancel, Delete, Regenerate, Retry, Sweep, Work};
    let mut rounds = VecDeque::new();
    for scenario in [Work, Sweep, Retry, Accept, Regenerate, Answer, Delete, Cancel] {
        for side in [Side::Before, Side::After] {
            rounds.extend([(scenario, side); TIMES]);
        }
    }
    let (rounds, mut lanes) = (Arc::new(Mutex::new(rounds)), JoinSet::new());
    for _ in 0..LANES {
        let rounds = rounds.clone();
        lanes.spawn(async move {
            let mut kills = 0;
            let mut lane = Lane::start().await;
            while let Some((scenario, side)) = next(&rounds) {
                let mut number = 1;
                while scenario.kill_and_recover(&mut lane, number, side).await {
                    number += 1;
                }
                assert!(number > 5, "{scenario:?} has more than {number} exchanges");
                kills += number - 1;
            }
            kills
        });
    }
    let mut kills = 0;
    while let Some(lane) = lanes.join_next().await {
        kills += lane.unwrap();
    }
    println!("killed {kills} times");
}

fn next(rounds: &Mutex<VecDeque<(Scenario, Side)>>) -> Option<(Scenario, Side)> {
    rounds.lock().unwrap().pop_front()
}
