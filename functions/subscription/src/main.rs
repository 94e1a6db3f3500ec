//! The Lambda of `/subscribe` and `/subscription`.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::runtime::serve(subscription::router)
}
