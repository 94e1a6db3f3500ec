//! The endpoints for operators.

use e2e::{Person, variable};
use reqwest::Method;

#[tokio::test]
async fn health_is_public_and_queue_statistics_are_for_operators() {
    let somebody = Person::new();
    let health = somebody.get("/health").await;
    assert_eq!((health.status, &health.body["status"]), (200, &"ok".into()));

    assert!([401, 403].contains(&somebody.get("/debug/queue").await.status));
    let request = somebody.request(Method::GET, "/debug/queue");
    let queues = somebody.send(request.header("x-operator-key", variable("OPERATOR_KEY"))).await;
    assert_eq!(queues.status, 200, "{}", queues.body);
    assert!(queues.body["queues"].as_array().is_some_and(|queues| queues.len() == 3), "{}", queues.body);
    assert!(queues.body["replies"]["pending"].is_number(), "{}", queues.body);
}
