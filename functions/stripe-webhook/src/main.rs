//! The Lambda that receives Stripe's events.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::runtime::serve(stripe_webhook::router)
}
