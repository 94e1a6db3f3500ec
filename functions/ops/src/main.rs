//! The process of `ops`.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::runtime::serve(ops::router)
}
