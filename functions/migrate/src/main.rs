//! The process of `migrate`.

use std::process::ExitCode;

use lambda_runtime::{run, service_fn};

fn main() -> ExitCode {
    shared::runtime::start(
        |env, _| migrate::Migrate::from_env(env),
        |migrate| async move { run(service_fn(|event| migrate.handle(event))).await },
    )
}
