//! How many workers bear a rate of messages: a queue whose records are of rooms of their own, and arrive as people send.

use std::collections::BinaryHeap;
use std::fmt::{self, Display};
use std::time::Duration;

use crate::shown;

/// Messages a second, as a table's lines.
const RATES: [f64; 3] = [1.0, 5.0, 50.0];
/// Records of a batch at most.
const BATCHES: [usize; 2] = [1, 10];
/// How long the 95th of a hundred records may wait.
const WAIT_SECONDS: f64 = 0.3;
/// Messages of a run, and the seed of their times.
const MESSAGES: usize = 40_000;
const SEED: u64 = 0x5EED;

/// What a number of workers does to a rate.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// The wait of the 95th of a hundred records, in seconds.
    pub wait: f64,
    /// Seconds that are billed for a reply.
    pub billed: f64,
}

/// Runs a queue with `workers` at `rate`: a worker that is free takes what waits, at most `batch` records, and is busy as long
/// as their longest answer, since the replies of a batch are made at once. Answers take `seconds` in the mean.
fn run(rate: f64, workers: usize, batch: usize, seconds: f64) -> Run {
    let arrivals: Vec<_> = arrivals(rate).take(MESSAGES).collect();
    of(&arrivals, Duration::ZERO, workers, batch, seconds)
}

/// The same for these `arrivals`; what arrives before `since` is worked on and not counted.
pub fn of(arrivals: &[Duration], since: Duration, workers: usize, batch: usize, seconds: f64) -> Run {
    let since = nanos(since.as_secs_f64());
    let arrivals: Vec<_> = arrivals.iter().map(|time| nanos(time.as_secs_f64())).collect();
    // Times in nanoseconds below zero: the heap's greatest is the next worker that is free.
    let mut free: BinaryHeap<i64> = free_at(workers, seconds).map(|time| -nanos(time.as_secs_f64())).collect();
    let (mut waits, mut billed, mut next) = (Vec::with_capacity(arrivals.len()), 0.0, 0);
    while next < arrivals.len() {
        let begins = (-free.pop().unwrap_or_default()).max(arrivals[next]);
        let taken = arrivals[next..].iter().take(batch).take_while(|arrival| **arrival <= begins).count();
        let longest = (next..next + taken).map(length).fold(0.0, f64::max) * seconds;
        if arrivals[next] >= since {
            waits.extend(arrivals[next..next + taken].iter().map(|arrival| begins - arrival));
            billed += longest;
        }
        free.push(-(begins + nanos(longest)));
        next += taken;
    }
    waits.sort_unstable();
    let wait = waits.get(waits.len() * 95 / 100).copied().unwrap_or_default();
    Run { wait: seconds_of(wait), billed: billed / float(waits.len()) }
}

/// How long an answer takes, as a multiple of the mean: half to one and a half, evenly.
pub fn length(number: usize) -> f64 {
    // The golden ratio spreads them: any few that follow one another differ.
    0.5 + (float(number) * 0.618_033_988_749_895).fract()
}

/// When workers that are busy now, as in the middle of a day, are free: one after the other.
pub fn free_at(workers: usize, seconds: f64) -> impl Iterator<Item = Duration> {
    (0..workers).map(move |worker| Duration::from_secs_f64(seconds * float(worker) / float(workers)))
}

/// The fewest workers with which the wait is short enough, and what they do.
fn fewest(rate: f64, batch: usize, seconds: f64) -> (usize, Run) {
    let (mut too_few, mut enough) = (1_usize, 4096);
    while enough - too_few > 1 {
        let middle = too_few.midpoint(enough);
        if run(rate, middle, batch, seconds).wait <= WAIT_SECONDS { enough = middle } else { too_few = middle }
    }
    (enough, run(rate, enough, batch, seconds))
}

/// The fewest workers with which 95 of 100 records wait 0.3 s at most. `rate` is in messages a second, `batch` in records, and
/// an answer takes `seconds`.
pub fn needed(rate: f64, batch: usize, seconds: f64) -> usize {
    fewest(rate, batch, seconds).0
}

/// When messages arrive: independent of one another (a Poisson process), the same in every run.
pub fn arrivals(rate: f64) -> impl Iterator<Item = Duration> {
    let (mut state, mut now) = (SEED, 0.0);
    std::iter::repeat_with(move || {
        // Marsaglia's xorshift64.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let uniform = float(usize::try_from(state >> 40).unwrap_or_default() + 1) / float(1 << 24);
        now -= uniform.ln() / rate;
        Duration::from_secs_f64(now)
    })
}

#[expect(clippy::cast_possible_truncation, reason = "a time of this simulation has far less than 63 bits")]
fn nanos(seconds: f64) -> i64 {
    (seconds * 1e9) as i64
}

#[expect(clippy::cast_precision_loss, reason = "a time of this simulation has far less than 52 bits of microseconds")]
fn seconds_of(nanos: i64) -> f64 {
    nanos as f64 / 1e9
}

fn float(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

/// The fewest workers for each rate, and what half of them would do.
pub(crate) struct Table {
    /// Seconds of an answer.
    pub(crate) seconds: f64,
}

impl Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seconds } = self;
        writeln!(
            f,
            "Workers, answers of {} s (half of it to one and a half), so that 95 of 100 records wait {WAIT_SECONDS} s at most",
            shown(*seconds)
        )?;
        write!(f, "{:>17}{:>7}{:>9}{:>17}", "messages/second", "batch", "workers", "billed s a reply")?;
        write!(f, "{:>25}{:>17}", "half of them: p95 wait s", "billed s a reply")?;
        for rate in RATES {
            for batch in BATCHES {
                let (workers, enough) = fewest(rate, batch, *seconds);
                let half = run(rate, workers.div_ceil(2), batch, *seconds);
                write!(f, "\n{:>17}{batch:>7}{workers:>9}{:>17}", shown(rate), shown(enough.billed))?;
                write!(f, "{:>25}{:>17}", shown(half.wait), shown(half.billed))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{fewest, run};

    #[test]
    fn nobody_waits_while_a_worker_is_free() {
        let many = run(1.0, 4000, 10, 8.0);
        assert!(many.wait.abs() < 1e-9 && (many.billed - 8.0).abs() < 0.01, "{many:?}");
    }

    #[test]
    fn batches_share_the_wait_for_the_model_only_when_records_wait() {
        let (few, many) = (run(5.0, 5, 10, 8.0), run(5.0, 100, 10, 8.0));
        assert!(few.wait > 1.0 && few.billed < 2.0 && many.billed > 7.9, "{few:?} {many:?}");
    }

    #[test]
    fn more_workers_are_needed_than_replies_are_made_at_once_on_average() {
        let (workers, _) = fewest(5.0, 1, 8.0);
        assert!((41..70).contains(&workers), "{workers}");
    }
}
