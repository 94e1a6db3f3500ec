//! The process of chromedriver.

use std::path::PathBuf;
use std::process::Stdio;

use e2e::eventually;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::SOON;

/// The running chromedriver.
#[derive(Debug)]
pub(super) struct Driver {
    process: Child,
    /// No longer read, but kept open, because the process continues to write.
    _output: Lines<BufReader<ChildStdout>>,
    /// Its address.
    pub(super) url: String,
}

impl Driver {
    /// Starts it on a free port.
    pub(super) async fn start() -> Self {
        // Two that start at once may choose the same free port: one of them ends.
        eventually(SOON, Self::try_to_start).await
    }

    async fn try_to_start() -> Option<Self> {
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let started = command.spawn();
        let mut process = started.unwrap_or_else(|error| panic!("chromedriver (Debian's chromium-driver): {error}"));
        let mut output = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let port = tokio::time::timeout(SOON, async {
            loop {
                let line = output.next_line().await.expect("text")?;
                if let Some((_, port)) = line.rsplit_once("started successfully on port ") {
                    return Some(port.trim_end_matches('.').to_owned());
                }
            }
        });
        let port = port.await.expect("chromedriver starts in time")?;
        Some(Self { process, _output: output, url: format!("http://127.0.0.1:{port}") })
    }

    /// Stops it, and removes the profile of its browser.
    pub(super) async fn stop(mut self, profile: PathBuf) {
        self.process.kill().await.expect("it was running");
        // Chromium's last processes may still write into the folder.
        eventually(SOON, async || match tokio::fs::remove_dir_all(&profile).await {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => None,
            _ => Some(()),
        })
        .await;
    }
}
