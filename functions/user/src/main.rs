//! The Lambda behind `/user`.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::runtime::serve(user::router)
}
