//! How a function starts: one line in each `main`.

use std::future::Future;
use std::process::ExitCode;

use axum::Router;
use lambda_http::lambda_runtime::{self, Context, Diagnostic};
use tokio::runtime::{Builder, LocalOptions};

use crate::config::{ConfigError, Env};
use crate::domain::Clock;
use crate::http::{Event, Gateway, StreamEvent};
use crate::telemetry::{self, Origin, within};
use crate::tls;

/// Serves the router that `build` makes of the environment, as a Lambda behind an HTTP API or a function URL.
pub fn serve(build: impl FnOnce(&Env, Clock) -> Result<Router, ConfigError>) -> ExitCode {
    start(build, |router| async {
        lambda_runtime::run::<Event, _, _, _, _, _, _>(Gateway::new(router)).await.map_err(Diagnostic::from)
    })
}

/// Serves the router that `build` makes of the environment, as a Lambda whose responses are streamed: behind a function
/// URL or a REST API.
pub fn serve_streaming(build: impl FnOnce(&Env, Clock) -> Result<Router, ConfigError>) -> ExitCode {
    start(build, |router| async {
        lambda_runtime::run::<StreamEvent, _, _, _, _, _, _>(Gateway::streaming(router)).await.map_err(Diagnostic::from)
    })
}

/// Does the work of an invocation that no request began. Its lines have the id of the invocation, and the trace.
pub fn invocation<F: Future>(context: &Context, work: F) -> impl Future<Output = F::Output> + use<F> {
    let origin = Origin { request_id: Some(context.request_id.clone()), trace: context.xray_trace_id.clone() };
    let span = tracing::info_span!("invocation", invocation = context.request_id, trace = origin.trace_id());
    within(origin, span, work)
}

/// Starts a function: TLS, logs, configuration, then `run` on a runtime of one thread (a Lambda has one request at a
/// time, and one thread starts faster). If the configuration is not valid, the process logs why and ends.
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
            // It is a task of its own: a future that `block_on` polls is woken through the kernel after each read.
            Ok(function) => match tokio::task::spawn_local(run(function)).await {
                Ok(Ok(())) => ExitCode::SUCCESS,
                Ok(Err(error)) => {
                    let error: Diagnostic = error.into();
                    tracing::error!(error = error.error_message, "the runtime API failed");
                    ExitCode::FAILURE
                }
                Err(error) => {
                    tracing::error!(%error, "the function panicked");
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
