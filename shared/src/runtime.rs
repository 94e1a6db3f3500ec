//! How a function starts: one line in each `main`.

use std::future::Future;
use std::process::ExitCode;

use axum::Router;
use lambda_http::lambda_runtime::Diagnostic;
use tokio::runtime::{Builder, LocalOptions};

use crate::config::{ConfigError, Env};
use crate::domain::Clock;
use crate::{telemetry, tls};

/// Serves the router that `build` makes of the environment, as a Lambda behind an HTTP API or a function URL.
pub fn serve(build: impl FnOnce(&Env, Clock) -> Result<Router, ConfigError>) -> ExitCode {
    start(build, |router| async { lambda_http::run(router).await.map_err(Diagnostic::from) })
}

/// Starts a function: TLS, logs, configuration, then `run` on a runtime of one thread (a Lambda has one request at a
/// time, and one thread starts faster). Configuration that cannot be used ends the process with its sentence in the log.
pub fn start<T, F: Future<Output = Result<(), E>> + 'static, E: Into<Diagnostic> + 'static>(
    build: impl FnOnce(&Env, Clock) -> Result<T, ConfigError>,
    run: impl FnOnce(T) -> F,
) -> ExitCode {
    tls::install_provider();
    let env = Env::process();
    telemetry::start(&env);
    let runtime = match Builder::new_current_thread().enable_all().build_local(LocalOptions::default()) {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "no async runtime");
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(async {
        match build(&env, Clock::system()) {
            // A task of its own: what `block_on` polls itself is woken through the kernel whenever a connection has read.
            Ok(function) => match tokio::task::spawn_local(run(function)).await {
                Ok(Ok(())) => ExitCode::SUCCESS,
                Ok(Err(error)) => {
                    let error: Diagnostic = error.into();
                    tracing::error!(error = error.error_message, "the runtime API broke off");
                    ExitCode::FAILURE
                }
                Err(error) => {
                    tracing::error!(%error, "the function broke off");
                    ExitCode::FAILURE
                }
            },
            Err(error) => {
                tracing::error!(%error, "configuration");
                ExitCode::FAILURE
            }
        }
    })
}
