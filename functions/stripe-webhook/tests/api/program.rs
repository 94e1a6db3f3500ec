//! The program itself, behind a Runtime API.

#[tokio::test]
async fn the_program_answers_every_event() {
    testkit::answers_every_event("stripe-webhook", env!("CARGO_BIN_EXE_stripe-webhook"), stripe_webhook::router).await;
}
