//! The Lambda that Stripe's events come to.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::runtime::serve(stripe_webhook::router)
}
