//! Limits a function to the processor share that Lambda gives it, by a control group. 1,769 MB are one whole processor.
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use super::JOIN;

const ONE_PROCESSOR_MB: u32 = 1769;
/// Lambda's own period is not published; others have measured 20 ms.
const PERIOD_US: u32 = 20_000;

/// A control group with a limit. It is removed when dropped; its processes must have ended by then.
#[derive(Debug)]
pub(crate) struct Quota {
    group: PathBuf,
    stamp: PathBuf,
}

impl Quota {
    /// The share of a function with `memory_mb`; `None` if this machine does not allow setting it.
    pub(crate) fn of(memory_mb: u32) -> Option<Self> {
        let name = format!("chat-backend-bench-{}-{memory_mb}", std::process::id());
        let quota_us = PERIOD_US * memory_mb / ONE_PROCESSOR_MB;
        let (v1, v2) = (Path::new("/sys/fs/cgroup/cpu"), Path::new("/sys/fs/cgroup"));
        let group = if v1.join("cpu.cfs_quota_us").exists() {
            let limits = [("cpu.cfs_period_us", PERIOD_US.to_string()), ("cpu.cfs_quota_us", quota_us.to_string())];
            make(v1.join(name), &limits)?
        } else {
            make(v2.join(name), &[("cpu.max", format!("{quota_us} {PERIOD_US}"))])?
        };
        let stamp = std::env::temp_dir().join(format!("chat-backend-bench-{}-{memory_mb}", std::process::id()));
        Some(Self { group, stamp })
    }

    /// The command that runs `bootstrap` in the group, through this program.
    pub(super) fn command(&self, bootstrap: &Path) -> Command {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.arg(JOIN).arg(self.group.join("cgroup.procs")).arg(&self.stamp).arg(bootstrap);
        command
    }

    /// The time when the last process joined.
    pub(super) fn joined(&self) -> SystemTime {
        let text = fs::read_to_string(&self.stamp).expect("the time of joining");
        SystemTime::UNIX_EPOCH + Duration::from_nanos(text.parse().expect("nanoseconds"))
    }
}

impl Drop for Quota {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.group);
        let _ = fs::remove_file(&self.stamp);
    }
}

fn make(group: PathBuf, limits: &[(&str, String)]) -> Option<PathBuf> {
    fs::create_dir(&group).ok()?;
    for (file, value) in limits {
        if fs::write(group.join(file), value).is_err() {
            let _ = fs::remove_dir(&group);
            return None;
        }
    }
    Some(group)
}
