//! What a process has used, as Linux counts it.

use std::fs;
use std::time::Duration;

/// Processor time and memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    /// Processor time in user and kernel mode, the sum over all threads that still run.
    pub(crate) cpu: Duration,
    /// Peak resident memory, in bytes.
    pub(crate) peak_memory: u64,
}

impl Usage {
    pub(super) fn of(process: u32) -> Self {
        let threads = fs::read_dir(format!("/proc/{process}/task")).expect("a process that runs");
        let cpu = threads.filter_map(|thread| {
            let schedstat = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
            schedstat.split_ascii_whitespace().next()?.parse::<u64>().ok()
        });
        let status = fs::read_to_string(format!("/proc/{process}/status")).expect("a process that runs");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_ascii_whitespace().next());
        let kibibytes: u64 = peak.and_then(|text| text.parse().ok()).expect("VmHWM in /proc/PID/status");
        Self { cpu: Duration::from_nanos(cpu.sum()), peak_memory: kibibytes * 1024 }
    }
}
