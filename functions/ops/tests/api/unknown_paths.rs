//! Paths that no function has.

use http::Method;
use serde_json::json;
use testkit::{TestApi, capture_at};

#[tokio::test]
async fn an_unknown_path_is_a_problem() {
    let user = TestApi::start(ops::router).await.anyone();
    for path in ["/nothing", "/debug", "/debug/queue/more", "/.env", "/health/"] {
        let answer = user.get(path).await;
        assert_eq!((answer.status(), answer.code().as_str()), (404, "not_found"), "{path}");
    }
}

#[tokio::test]
async fn an_unknown_method_is_a_problem_that_names_the_known_ones() {
    let user = TestApi::start(ops::router).await.anyone();
    let answer = user.raw(Method::DELETE, "/health", &[], "").await;
    assert_eq!((answer.status(), answer.code().as_str()), (405, "method_not_allowed"));
    assert_eq!(answer.header("allow"), "GET,HEAD");
}

#[tokio::test]
async fn a_refused_request_is_one_line_and_counted_by_its_code_at_every_level() {
    let (logs, _guard) = capture_at("ERROR");
    let user = TestApi::start(ops::router).await.anyone();
    let answer = user.get("/wp-login.php").await;
    assert_eq!(user.get("/").await.status(), 200);

    let lines = logs.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let line = &lines[0];
    let sets = json!([["Stage", "Stack"], ["Stage", "Stack", "Code"]]);
    assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Dimensions"], sets);
    assert_eq!((&line["Refused"], &line["Code"], &line["status"]), (&json!(1), &json!("not_found"), &json!(404)));
    assert_eq!((&line["level"], &line["message"]), (&json!("INFO"), &json!("answered")));
    assert!(line["milliseconds"].is_u64() && line["timestamp"].is_string(), "{line}");
    let request = json!({ "request_id": answer.body()["request_id"], "method": "GET", "route": "unknown" });
    for (name, value) in request.as_object().unwrap() {
        assert_eq!(&line["span"][name], value, "{line}");
    }
}
