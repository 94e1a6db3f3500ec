//! `/user` through its router, on a real Postgres and Redis, with a stand-in of Stripe.

#![cfg(test)]

mod delete_me;
mod get_me;
mod owasp;
mod update_me;

use testkit::{Stack, TestApi};

/// `/user` where nobody calls Stripe.
async fn api() -> TestApi {
    at(Stack::start().await, "http://127.0.0.1:1")
}

/// `/user` with Stripe at `stripe`.
fn at(stack: Stack, stripe: &str) -> TestApi {
    TestApi::on(stack.with("STRIPE_SECRET_KEY", "sk_test_tests").with("STRIPE_API_BASE", stripe), user::router)
}
