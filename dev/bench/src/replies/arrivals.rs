//! Answers that take as long as real ones, to messages that arrive as people send: what the workers of docs/scaling.md do.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use scale::workers;
use serde_json::{Value, json};
use tokio::time::{Instant as Timer, sleep_until};

use crate::figures::{mb, ms, percentile};
use crate::lambda::Lambda;
use crate::pen::{Hand, Pen};
use crate::work::records;
use crate::world::{World, open, send};

/// An answer of eight seconds in the mean, in fifteen pieces.
const HAND: Hand = Hand { pieces: 15, pause: Duration::from_millis(500), varies: true };
/// Messages a second.
const RATES: [f64; 3] = [1.0, 5.0, 50.0];
/// Records of a batch at most: the default of template.yaml.
const BATCH: usize = 10;
/// How long messages arrive, and how long they do before anything is counted: a run begins with an empty queue.
const ARRIVE: Duration = Duration::from_secs(60);
const BEFORE: Duration = Duration::from_secs(18);

/// The figures of one rate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrivals {
    pub(crate) rate: f64,
    workers: usize,
    /// Records of a batch.
    batch: f64,
    /// How long half of the records wait for a worker, and what 95 of 100 do not exceed, in milliseconds.
    wait: f64,
    pub(crate) long_wait: f64,
    /// Seconds that are billed for a reply.
    pub(crate) billed: f64,
    /// What the same messages would wait and be billed if nothing took time but Gemini.
    pub(crate) on_paper: workers::Run,
    /// Milliseconds of processor time of a reply.
    cpu: f64,
    /// Peak resident memory of a worker, in megabytes.
    memory: f64,
}

/// Lets messages arrive at all rates at once. Prints one line per rate.
pub(crate) async fn measure(world: &World) -> Vec<Arrivals> {
    let pen = Pen::start(HAND).await;
    println!(
        "\nReplies of {:.0} s (half of it to one and a half): messages in rooms of their own arrive at random (Poisson) for {} s, batches of {BATCH} at most, \
        as many workers as on paper (dev/scale)",
        HAND.takes().as_secs_f64(),
        ARRIVE.as_secs()
    );
    println!(
        "  {:>10}{:>9}{:>12}{:>13}{:>13}{:>10}{:>18}{:>10}{:>16}{:>11}",
        "messages/s",
        "workers",
        "in a batch",
        "wait p50 ms",
        "wait p95 ms",
        "on paper",
        "billed s a reply",
        "on paper",
        "CPU ms a reply",
        "memory MB"
    );
    let measured = join_all(RATES.map(|rate| run(world, &pen, rate))).await;
    for run in &measured {
        println!(
            "  {:>10}{:>9}{:>12.1}{:>13.0}{:>13.0}{:>10.0}{:>18.2}{:>10.2}{:>16.1}{:>11.1}",
            run.rate,
            run.workers,
            run.batch,
            run.wait,
            run.long_wait,
            run.on_paper.wait * 1e3,
            run.billed,
            run.on_paper.billed,
            run.cpu,
            run.memory
        );
    }
    measured
}

/// A worker with its batch: whether it counts, how many records it has, and what it was billed.
struct Batch {
    worker: Lambda,
    counts: bool,
    records: usize,
    billed: Duration,
}

/// A worker that is busy with something else until then.
async fn free_later(worker: Lambda, until: Timer) -> Batch {
    sleep_until(until).await;
    Batch { worker, counts: false, records: 0, billed: Duration::ZERO }
}

async fn make(mut worker: Lambda, jobs: Vec<Value>, counts: bool) -> Batch {
    let all_made = |answer: &Value| answer["batchItemFailures"] == json!([]);
    let billed = worker.succeed(records(&jobs), all_made).await;
    Batch { worker, counts, records: jobs.len(), billed }
}

/// One queue and its workers.
async fn run(world: &World, pen: &Pen, rate: f64) -> Arrivals {
    let seconds = HAND.takes().as_secs_f64();
    let workers = workers::needed(rate, BATCH, seconds);
    let user = world.people.another().await;
    let times: Vec<_> = workers::arrivals(rate).take_while(|time| *time < ARRIVE).collect();
    let rooms = open(&user, times.len()).await;
    let mut started = Vec::new();
    for _ in 0..workers {
        started.push(Lambda::start(&pen.worker(world), None).await);
    }
    let (mut arriving, mut waiting, mut busy) =
        (times.iter().zip(&rooms).peekable(), VecDeque::new(), FuturesUnordered::new());
    let (mut waits, mut done) = (Vec::new(), Vec::new());
    let (began, mut idle) = (Timer::now(), Vec::new());
    for (worker, free) in started.into_iter().zip(workers::free_at(workers, seconds)) {
        busy.push(free_later(worker, began + free).boxed_local());
    }
    loop {
        let next = arriving.peek().map(|(time, _)| began + **time);
        tokio::select! {
            () = sleep_until(next.unwrap_or(began)), if next.is_some() => {
                if let Some((time, room)) = arriving.next() {
                    waiting.push_back((*time >= BEFORE, Instant::now(), send(&user, room, "What is a pastel de nata?").await));
                }
            }
            Some(Batch { worker, counts, records, billed }) = busy.next() => {
                idle.push(worker);
                if counts {
                    done.push((records, billed));
                }
            }
            else => break,
        }
        while !waiting.is_empty()
            && let Some(worker) = idle.pop()
        {
            let batch: Vec<_> = waiting.drain(..waiting.len().min(BATCH)).collect();
            let counts = batch.iter().all(|(counts, ..)| *counts);
            waits.extend(batch.iter().filter(|(counts, ..)| *counts).map(|(_, since, _)| ms(since.elapsed())));
            let jobs: Vec<Value> = batch.into_iter().map(|(.., job)| job).collect();
            busy.push(make(worker, jobs, counts).boxed_local());
        }
    }
    let usages: Vec<_> = idle.iter().map(Lambda::usage).collect();
    let counted: usize = done.iter().map(|(records, _)| records).sum();
    Arrivals {
        rate,
        workers,
        batch: per(f64::from(u32::try_from(counted).unwrap_or(u32::MAX)), done.len()),
        wait: percentile(&waits, 50),
        long_wait: percentile(&waits, 95),
        billed: per(done.iter().map(|(_, billed)| billed.as_secs_f64()).sum(), counted),
        on_paper: workers::of(&times, BEFORE, workers, BATCH, seconds),
        cpu: per(usages.iter().map(|usage| ms(usage.cpu)).sum(), times.len()),
        memory: usages.iter().map(|usage| mb(usage.peak_memory)).fold(0.0, f64::max),
    }
}

fn per(total: f64, count: usize) -> f64 {
    total / f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
