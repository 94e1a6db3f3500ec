//! Reading what a test logs, as the lines that a deployment writes.

use std::io;
use std::sync::{Arc, Mutex};

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::util::SubscriberInitExt;

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
    let logs = Logs::default();
    let writer = logs.clone();
    let lines = tracing_subscriber::fmt().json().flatten_event(true).with_max_level(LevelFilter::TRACE);
    (logs, lines.with_writer(move || writer.clone()).finish().set_default())
}
