//! The Lambda behind `/auth`.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::runtime::serve(auth::router)
}
