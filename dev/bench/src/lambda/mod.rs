//! Runs a function as Lambda does: as its own process, which asks a Runtime API for events.

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
use testkit::{Pieces, RuntimeApi};

use log::Log;
pub(crate) use quota::Quota;
pub(crate) use usage::Usage;

/// With this argument, this program joins a [`Quota`] and then replaces itself with a function.
pub(crate) const JOIN: &str = "join";
/// If a function takes longer, it has failed.
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

/// The result of an invocation.
#[derive(Debug)]
pub(crate) struct Invocation {
    /// The time from sending the event until the response arrived.
    pub(crate) took: Duration,
    /// The response, or the error that the function reported instead.
    pub(crate) outcome: Result<Value, String>,
}

impl Lambda {
    /// Starts a process. If a quota is given, its processor time is limited by it.
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
        assert!(asked.is_ok(), "{} does not ask for an event: {}", self.name, self.log.tail());
    }

    /// The time from the start until it first asked for an event.
    pub(crate) fn ready(&self) -> Duration {
        self.api.first_asked().duration_since(self.started).unwrap_or_default()
    }

    /// Sends an event and waits for the response.
    pub(crate) async fn invoke(&mut self, event: String) -> Invocation {
        let answered = tokio::time::timeout(PATIENCE, self.api.invoke(event)).await;
        let Ok((took, outcome)) = answered else { panic!("{} does not respond: {}", self.name, self.log.tail()) };
        Invocation { took, outcome }
    }

    /// Sends an event. Returns the pieces of the response while it is streamed.
    pub(crate) fn stream(&mut self, event: String) -> Pieces {
        self.api.stream(event)
    }

    /// Waits for the end of a streamed response. Returns the time since its event was sent.
    pub(crate) async fn ended(&mut self) -> Duration {
        match tokio::time::timeout(PATIENCE, self.api.ended()).await {
            Ok((took, Ok(_))) => took,
            other => panic!("{}: {other:?}\n{}", self.name, self.log.tail()),
        }
    }

    /// What the process has used so far.
    pub(crate) fn usage(&self) -> Usage {
        Usage::of(self.process.id())
    }

    /// Sends an event. Panics if `is_good` is false for the response.
    pub(crate) async fn succeed(&mut self, event: String, is_good: impl Fn(&Value) -> bool) -> Duration {
        let invocation = self.invoke(event).await;
        match invocation.outcome {
            Ok(answer) if is_good(&answer) => invocation.took,
            outcome => panic!("{}: {outcome:?}\n{}", self.name, self.log.tail()),
        }
    }

    /// The last part of what it has logged.
    pub(crate) fn log_tail(&self) -> String {
        self.log.tail()
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

/// Runs when this program is called with [`JOIN`]: it joins the control group whose list of processes is `group`,
/// writes the time to `stamp`, and replaces itself with `bootstrap`.
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
