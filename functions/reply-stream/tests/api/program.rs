//! The program itself, behind a Runtime API.

#[tokio::test]
async fn the_program_answers_every_event() {
    testkit::answers_every_event("reply-stream", env!("CARGO_BIN_EXE_reply-stream"), reply_stream::router).await;
}
