//! The Lambda behind `/chatroom`.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::runtime::serve(chatroom::router)
}
