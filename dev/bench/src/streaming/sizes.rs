//! The first piece of an answer, by the memory of the worker: Lambda gives a small function a small part of a processor.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::client::Client;
use super::watcher;
use crate::figures::{median, ms, percentile};
use crate::lambda::{Lambda, Quota};
use crate::pen::{Hand, Pen};
use crate::work::records;
use crate::world::{World, open, send};

const HAND: Hand = Hand { pieces: 5, pause: Duration::from_millis(40), varies: false };
/// The sizes that are compared, in megabytes.
const SIZES: [u32; 4] = [128, 192, 256, 512];
/// Replies of a batch, and how many batches are made.
const RUNS: [(usize, usize); 2] = [(1, 30), (10, 6)];

/// The figures of one size, in milliseconds from the record's delivery to the client's first piece, without the time that
/// Gemini takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FirstTokens {
    pub(crate) memory_mb: u32,
    /// One reply: the median, and what 95 of 100 do not exceed.
    pub(crate) p50: f64,
    p95: f64,
    /// A batch of ten.
    pub(crate) ten_p50: f64,
    ten_p95: f64,
}

/// Has replies made by workers of each size. Prints one line per size; none if this machine does not allow setting a quota.
pub(crate) async fn measure(world: &World) -> Vec<FirstTokens> {
    if Quota::of(SIZES[0]).is_none() {
        return Vec::new();
    }
    let pen = Pen::start(HAND).await;
    println!(
        "\nFirst token: from the worker's record to the client's first piece, without Gemini's own time; the worker has the \
        processor share of its size"
    );
    println!(
        "  {:>9}{:>18}{:>9}{:>26}{:>9}",
        "worker MB", "one reply p50 ms", "p95 ms", "ten in a batch p50 ms", "p95 ms"
    );
    let mut measured = Vec::new();
    for memory_mb in SIZES {
        let [one, ten] = [run(world, &pen, memory_mb, RUNS[0]).await, run(world, &pen, memory_mb, RUNS[1]).await];
        let size = FirstTokens {
            memory_mb,
            p50: median(&one),
            p95: percentile(&one, 95),
            ten_p50: median(&ten),
            ten_p95: percentile(&ten, 95),
        };
        println!("  {memory_mb:>9}{:>18.1}{:>9.1}{:>26.1}{:>9.1}", size.p50, size.p95, size.ten_p50, size.ten_p95);
        measured.push(size);
    }
    measured
}

/// Makes batches of replies, each watched by a client. The worker has made one batch before.
async fn run(world: &World, pen: &Pen, memory_mb: u32, (replies, batches): (usize, usize)) -> Vec<f64> {
    let user = world.people.another().await;
    let rooms = open(&user, replies).await;
    let quota = Quota::of(memory_mb).expect("a control group, as before");
    let mut worker = Lambda::start(&pen.worker(world), Some(&quota)).await;
    let mut times = Vec::new();
    for batch in 0..=batches {
        let (mut jobs, mut clients) = (Vec::new(), Vec::new());
        for room in &rooms {
            jobs.push(send(&user, room, "What is a pastel de nata?").await);
        }
        for job in &jobs {
            clients.push(Client::open(&watcher(world), user.token(), job, pen.epoch).await);
        }
        pen.asked();
        let all_made = |answer: &Value| answer["batchItemFailures"] == json!([]);
        let began = Instant::now();
        let watching = join_all(clients.into_iter().map(Client::watch));
        let (_, watched) = tokio::join!(worker.succeed(records(&jobs), all_made), watching);
        if batch > 0 {
            let asked = pen.asked().into_iter().map(|at| ms(at - began));
            let lags = watched.iter().map(|watched| watched.lags.first().copied().unwrap_or(f64::NAN));
            // Which client watched which call is not known, so a batch's calls are paired with its pieces by their ranks.
            times.extend(sorted(asked).into_iter().zip(sorted(lags)).map(|(asked, lag)| asked + lag));
        }
    }
    times
}

fn sorted(times: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut times: Vec<_> = times.collect();
    times.sort_by(f64::total_cmp);
    times
}
