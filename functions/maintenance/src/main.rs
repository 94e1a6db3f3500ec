//! The process of `maintenance`.

use std::process::ExitCode;

use lambda_runtime::{LambdaEvent, run, service_fn};

fn main() -> ExitCode {
    shared::runtime::start(maintenance::Maintenance::from_env, |maintenance| async move {
        run(service_fn(|LambdaEvent { payload, context }: LambdaEvent<maintenance::Task>| {
            shared::runtime::invocation(&context, maintenance.handle(payload))
        }))
        .await
    })
}
