//! Reading what a test logs, as the lines that a deployment writes.

use std::io;
use std::sync::{Arc, Mutex, OnceLock};

use serde_json::Value;
use shared::config::Env;
use shared::telemetry;
use tracing::Dispatch;
use tracing::subscriber::NoSubscriber;
use tracing_subscriber::util::SubscriberInitExt;

/// A second one in the process. If there is just one, tracing asks the subscriber of whatever thread comes first whether an
/// event is wanted; that is none in most tests, and its answer would count for all threads.
static ANOTHER: OnceLock<Dispatch> = OnceLock::new();

/// What was logged.
#[derive(Debug, Clone, Default)]
pub struct Logs(Arc<Mutex<Vec<u8>>>);

impl Logs {
    /// Everything so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no panic while it was held")).into_owned()
    }

    /// Everything since the last time.
    pub fn take(&self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut *self.0.lock().expect("no panic while it was held"))).into_owned()
    }

    /// Every line so far.
    pub fn lines(&self) -> Vec<Value> {
        self.text().lines().map(|line| line.parse().unwrap_or_else(|_| panic!("no JSON: {line}"))).collect()
    }

    /// The lines of a metric so far.
    pub fn metric(&self, name: &str) -> Vec<Value> {
        let is_it = |line: &Value| {
            let groups = line["_aws"]["CloudWatchMetrics"].as_array().into_iter().flatten();
            groups.filter_map(|group| group["Metrics"].as_array()).flatten().any(|metric| metric["Name"] == name)
        };
        self.lines().into_iter().filter(is_it).collect()
    }

    /// The values of a metric so far.
    pub fn values(&self, name: &str) -> Vec<u64> {
        let value = |line: &Value| line[name].as_u64().unwrap_or_else(|| panic!("{name} is no number: {line}"));
        self.metric(name).iter().map(value).collect()
    }
}

impl io::Write for Logs {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic while it was held").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Captures the logs of this thread, at all levels, until the guard is dropped.
pub fn capture() -> (Logs, impl Drop) {
    capture_at("TRACE")
}

/// Captures the logs of this thread as with this `LOG_LEVEL`, until the guard is dropped.
pub fn capture_at(level: &'static str) -> (Logs, impl Drop) {
    ANOTHER.get_or_init(|| Dispatch::new(NoSubscriber::new()));
    let logs = Logs::default();
    let writer = logs.clone();
    let env = Env::from_fn(move |name| {
        let settings = [("LOG_LEVEL", level), ("STAGE", "test"), ("STACK", "tests"), ("RELEASE", "0a1b2c3")];
        settings.iter().find(|(setting, _)| *setting == name).map(|(_, value)| (*value).to_owned())
    });
    (logs, telemetry::subscriber(&env, move || writer.clone()).set_default())
}
