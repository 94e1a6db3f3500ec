//! The log of a process: its size and its last part.

use std::io::{PipeReader, PipeWriter, Read};
use std::sync::{Arc, Mutex};

/// Bytes at the end of the log that are kept, to be shown when something fails.
const KEPT: usize = 2_000;

#[derive(Debug, Default)]
struct Seen {
    bytes: u64,
    tail: Vec<u8>,
}

/// A log. Its own thread reads it until the process ends.
#[derive(Debug)]
pub(super) struct Log(Arc<Mutex<Seen>>);

impl Log {
    pub(super) fn open() -> (Self, PipeWriter) {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let seen = Arc::default();
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || read(reader, &shared));
        (Self(seen), writer)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.0.lock().expect("no panic while it was held").bytes
    }

    pub(super) fn tail(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no panic while it was held").tail).into_owned()
    }
}

fn read(mut reader: PipeReader, seen: &Mutex<Seen>) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = reader.read(&mut buffer) {
        let mut seen = seen.lock().expect("no panic while it was held");
        seen.bytes += count as u64;
        seen.tail.extend_from_slice(&buffer[..count]);
        let surplus = seen.tail.len().saturating_sub(KEPT);
        seen.tail.drain(..surplus);
    }
}
