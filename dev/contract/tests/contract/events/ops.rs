//! `ops`

use testkit::Stack;

use super::Replay;

#[tokio::test]
async fn the_events_of_ops_are_answered() {
    let stack = Stack::start().await.with("DOCS_ENABLED", "true");
    let mut replay = Replay::of("ops", ops::router(&stack.env(), stack.clock.clock()).unwrap());
    assert_eq!(replay.send("ops-health", &[], 200).await["status"], "ok");
    let queues = replay.send("ops-debug-queue", &[("OPERATOR_KEY", stack.setting("OPERATOR_KEY"))], 200).await;
    assert_eq!(queues["queues"].as_array().unwrap().len(), 3);
    replay.send("ops-debug-queue", &[], 403).await;
    // The list of problems is for people: not JSON.
    replay.page("ops-problems", "<h1>Problems</h1>").await;
    replay.page("ops-docs", "docs/docs.js").await;
    replay.page("ops-docs-file", "SwaggerUIBundle(").await;
    assert_eq!(replay.send("ops-openapi", &[], 200).await["openapi"], "3.1.0");
    assert_eq!(replay.send("ops-default", &[], 404).await["code"], "not_found");
    replay.done().await;
}
