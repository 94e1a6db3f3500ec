//! The Lambda behind the queue of one-time codes.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::runtime::start(otp_sender::OtpSender::from_env, otp_sender::serve)
}
