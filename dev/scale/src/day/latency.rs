//! How long statements take, by minute.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Times by the statement's name and the minute.
type Times = BTreeMap<(&'static str, u64), Vec<Duration>>;

/// The times of all statements.
#[derive(Debug, Clone)]
pub(crate) struct Latencies {
    began: Instant,
    times: Arc<Mutex<Times>>,
}

impl Default for Latencies {
    fn default() -> Self {
        Self { began: Instant::now(), times: Arc::default() }
    }
}

impl Latencies {
    /// Runs a statement and notes how long it took.
    pub(crate) async fn of<T>(&self, name: &'static str, statement: impl Future<Output = T>) -> T {
        let began = Instant::now();
        let result = statement.await;
        let minute = (began - self.began).as_secs() / 60;
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        times.entry((name, minute)).or_default().push(began.elapsed());
        result
    }

    /// Prints a line for each statement: the first minute and the last one, which is `minutes` later.
    pub(crate) fn print(&self, minutes: u32) {
        let times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        println!("{:<24}{:>9}{:>12}{:>9}{:>12}{:>9}", "ms", "times", "first: p50", "p99", "last: p50", "p99");
        let names: BTreeSet<_> = times.keys().map(|(name, _)| *name).collect();
        for name in names {
            let of = |minute: u64| times.get(&(name, minute)).map(Vec::as_slice).unwrap_or_default();
            let count: usize =
                times.iter().filter(|((other, _), _)| *other == name).map(|(_, times)| times.len()).sum();
            let (first, last) = (of(0), of(u64::from(minutes.saturating_sub(1))));
            let cells = [first, last].map(|times| format!("{:>12}{:>9}", quantile(times, 50), quantile(times, 99)));
            println!("{name:<24}{count:>9}{}", cells.concat());
        }
    }
}

fn quantile(times: &[Duration], percent: usize) -> String {
    let mut times = times.to_vec();
    times.sort();
    let place = (times.len() * percent / 100).min(times.len().saturating_sub(1));
    times.get(place).map_or_else(String::new, |time| format!("{:.2}", time.as_secs_f64() * 1e3))
}
