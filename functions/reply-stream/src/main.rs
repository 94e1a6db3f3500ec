//! The Lambda behind the streaming door.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::runtime::serve_streaming(reply_stream::router)
}
