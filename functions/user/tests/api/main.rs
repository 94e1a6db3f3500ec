//! `/user` through its router, on a real Postgres and Redis, with a stand-in of Stripe for those who pay.

#![cfg(test)]

mod delete_me;
mod first_request;
mod get_me;
mod owasp;
mod program;
mod update_me;
mod what_a_number_spent_outlives_its_account;

use testkit::{Stack, TestApi};

/// `/user` without Stripe, which no user without a subscription needs.
async fn api() -> TestApi {
    on(Stack::start().await)
}

/// The same on `stack`.
fn on(stack: Stack) -> TestApi {
    TestApi::on(stack.with_stripe("http://127.0.0.1:1"), user::router)
}
