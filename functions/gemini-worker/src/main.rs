//! The Lambda behind the two reply queues.

use std::process::ExitCode;

use gemini_worker::Worker;

fn main() -> ExitCode {
    shared::runtime::start(Worker::from_env, gemini_worker::run)
}
