//! A function as Lambda runs it: a process of its own that asks a Runtime API for work.

mod api;
mod log;
mod quota;
mod usage;

use std::collections::HashMap;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use api::RuntimeApi;
use log::Log;
pub(crate) use quota::Quota;
pub(crate) use usage::Usage;

/// The argument by which this program becomes the one that joins a [`Quota`] and then is replaced by a function.
pub(crate) const JOIN: &str = "join";
/// A function that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A function that can be started.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) bootstrap: PathBuf,
    pub(crate) settings: HashMap<String, String>,
}

/// A started function.
#[derive(Debug)]
pub(crate) struct Lambda {
    name: String,
    api: RuntimeApi,
    process: Child,
    log: Log,
    started: SystemTime,
}

/// What an invocation came to.
#[derive(Debug)]
pub(crate) struct Invocation {
    /// From the event's being given out until the answer was there.
    pub(crate) took: Duration,
    /// The answer, or the error that it reported instead.
    pub(crate) outcome: Result<Value, String>,
}

impl Lambda {
    /// Starts a process, under a quota of processor time if one is given.
    pub(crate) async fn start(program: &Program, quota: Option<&Quota>) -> Self {
        let api = RuntimeApi::start().await;
        let (log, writer) = Log::open();
        let mut command = match quota {
            None => Command::new(&program.bootstrap),
            Some(quota) => quota.command(&program.bootstrap),
        };
        command
            .env_clear()
            .envs(&program.settings)
            .env("AWS_LAMBDA_RUNTIME_API", api.address())
            .env("AWS_LAMBDA_FUNCTION_NAME", &program.name)
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .stdout(writer.try_clone().expect("a pipe"))
            .stderr(writer);
        let before = now();
        let process = command.spawn().expect("a program that runs");
        drop(command);
        let mut lambda = Self { name: program.name.clone(), api, process, log, started: before };
        lambda.wait_until_ready().await;
        if let Some(quota) = quota {
            lambda.started = quota.joined();
        }
        lambda
    }

    async fn wait_until_ready(&mut self) {
        let asked = tokio::time::timeout(PATIENCE, self.api.asked()).await;
        assert!(asked.is_ok(), "{} does not ask for work: {}", self.name, self.log.tail());
    }

    /// From the start until it first asked for work.
    pub(crate) fn ready(&self) -> Duration {
        self.api.first_asked().duration_since(self.started).unwrap_or_default()
    }

    /// Hands over an event and waits for the answer.
    pub(crate) async fn invoke(&mut self, event: String) -> Invocation {
        let answered = tokio::time::timeout(PATIENCE, self.api.invoke(event)).await;
        let Ok((took, outcome)) = answered else { panic!("{} does not answer: {}", self.name, self.log.tail()) };
        Invocation { took, outcome }
    }

    /// What the process has used so far.
    pub(crate) fn usage(&self) -> Usage {
        Usage::of(self.process.id())
    }

    /// Hands over an event whose answer must be good.
    pub(crate) async fn succeed(&mut self, event: String, is_good: impl Fn(&Value) -> bool) -> Duration {
        let invocation = self.invoke(event).await;
        match invocation.outcome {
            Ok(answer) if is_good(&answer) => invocation.took,
            outcome => panic!("{}: {outcome:?}\n{}", self.name, self.log.tail()),
        }
    }

    /// Bytes it has logged so far.
    pub(crate) fn logged(&self) -> u64 {
        self.log.bytes()
    }
}

impl Drop for Lambda {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What this program does when it is called with [`JOIN`]: it joins the group whose list of processes is `group`, notes
/// the time in `stamp`, and becomes `bootstrap`.
pub(crate) fn join(group: &Path, stamp: &Path, bootstrap: &Path) -> std::io::Error {
    let joined = fs::write(group, std::process::id().to_string());
    let noted = joined.and_then(|()| fs::write(stamp, since_epoch(now()).as_nanos().to_string()));
    match noted {
        Ok(()) => Command::new(bootstrap).exec(),
        Err(error) => error,
    }
}

#[expect(clippy::disallowed_methods, reason = "two processes compare their clocks")]
fn now() -> SystemTime {
    SystemTime::now()
}

fn since_epoch(at: SystemTime) -> Duration {
    at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}
