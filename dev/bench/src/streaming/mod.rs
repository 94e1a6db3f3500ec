//! Streams: how far behind Gemini those are who watch a reply, and what that costs.

mod client;
mod sizes;

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::figures::{median, median_of, ms, percentile};
use crate::lambda::{Lambda, Program};
use crate::pen::{Hand, Pen};
use crate::work::records;
use crate::world::{World, open, send};
use client::{Client, Watched};
pub(crate) use sizes::{FirstTokens, measure as first_tokens};

/// How Gemini writes: 3.7 s for an answer.
const HAND: Hand = Hand { pieces: 60, pause: Duration::from_millis(60), varies: false };
/// Replies of the run that all others are compared with.
const ONE: usize = 1;
/// Replies at once: a batch of the worker's.
const BATCH: usize = 10;
/// Watchers, and the replies that they watch.
const RUNS: [(usize, usize); 3] = [(1, ONE), (20, BATCH), (100, BATCH)];

/// The figures of one run.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) watchers: usize,
    /// Milliseconds from Gemini's piece to the client's.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// The same of each client's first piece.
    first: f64,
    /// Milliseconds of processor time of a stream.
    cpu: f64,
    /// Peak resident memory of the streaming function, in megabytes.
    pub(crate) memory: f64,
}

/// The figures of all runs.
#[derive(Debug)]
pub(crate) struct Streaming {
    pub(crate) runs: Vec<Run>,
    /// Calls of Redis of a reply that nobody watches, by the second.
    pub(crate) calls: f64,
    /// Milliseconds that a stream is billed for beyond the time that Gemini writes.
    pub(crate) over: f64,
    /// Bytes that a stream logs.
    pub(crate) logged: f64,
}

/// Has replies watched by more and more clients. Prints one line per run.
pub(crate) async fn measure(world: &World) -> Streaming {
    let pen = Pen::start(HAND).await;
    println!(
        "\nStreams: Gemini writes {} pieces, {} ms apart; from its piece to that of the client, an environment per client",
        HAND.pieces,
        HAND.pause.as_millis()
    );
    println!(
        "  {:>8}{:>9}{:>9}{:>9}{:>16}{:>17}{:>11}",
        "watchers", "replies", "p50 ms", "p99 ms", "first piece ms", "CPU ms a stream", "memory MB"
    );
    let (alone, _) = run(world, &pen, 0, ONE).await;
    let (mut runs, mut one) = (Vec::new(), Vec::new());
    let mut calls = alone;
    for (watchers, replies) in RUNS {
        let (redis, watched) = run(world, &pen, watchers, replies).await;
        let run = summary(watchers, &watched);
        println!(
            "  {watchers:>8}{replies:>9}{:>9.2}{:>9.2}{:>16.2}{:>17.2}{:>11.1}",
            run.p50, run.p99, run.first, run.cpu, run.memory
        );
        runs.push(run);
        if watchers == 1 {
            (calls, one) = (redis, watched);
        }
    }
    let writing = HAND.takes();
    println!(
        "  calls of Redis: {alone:.0} of a reply that nobody watches, {:.0} more if one client does; it takes {:.1} s",
        calls - alone,
        writing.as_secs_f64()
    );
    let over = median_of(&one, |watched| watched.billed) - ms(writing);
    let logged = median_of(&one, |watched| watched.logged);
    Streaming { runs, calls: alone / writing.as_secs_f64(), over, logged }
}

fn summary(watchers: usize, watched: &[Watched]) -> Run {
    let lags = watched.iter().map(|watched| watched.lags.as_slice()).collect::<Vec<_>>().concat();
    Run {
        watchers,
        p50: median(&lags),
        p99: percentile(&lags, 99),
        first: median_of(watched, |watched| watched.lags.first().copied().unwrap_or(f64::NAN)),
        cpu: median_of(watched, |watched| watched.cpu),
        memory: watched.iter().map(|watched| watched.memory).fold(0.0, f64::max),
    }
}

/// Has `replies` made while `watchers` watch them. Returns the calls of Redis, and what each of them saw.
async fn run(world: &World, pen: &Pen, watchers: usize, replies: usize) -> (f64, Vec<Watched>) {
    let user = world.people.another().await;
    let mut jobs = Vec::new();
    for room in open(&user, replies).await {
        jobs.push(send(&user, &room, "What is a pastel de nata?").await);
    }
    let program = watcher(world);
    let mut worker = Lambda::start(&pen.worker(world), None).await;
    let before = world.trips().await;
    let mut clients = Vec::new();
    for number in 0..watchers {
        clients.push(Client::open(&program, user.token(), &jobs[number % replies], pen.epoch).await);
    }
    let all_made = |answer: &Value| answer["batchItemFailures"] == json!([]);
    let watching = join_all(clients.into_iter().map(Client::watch));
    let (_, watched) = tokio::join!(worker.succeed(records(&jobs), all_made), watching);
    let calls = i32::try_from((world.trips().await - before).redis).unwrap_or(i32::MAX);
    assert!(watched.iter().all(|watched| u32::try_from(watched.lags.len()) == Ok(HAND.pieces)), "a piece is lost");
    (calls.into(), watched)
}

/// The streaming function, for many clients of one user.
fn watcher(world: &World) -> Program {
    let mut program = world.program("reply-stream");
    program.settings.insert("STREAMS_PER_USER".to_owned(), "1000".to_owned());
    program
}
