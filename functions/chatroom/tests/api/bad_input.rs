//! Invalid requests are refused with a problem document that says why.

use chatroom::router;
use http::Method;
use serde_json::json;
use testkit::TestApi;

/// The headers and body of a request, and the status, code and pointer of its refusal.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a [u8], u16, &'a str, &'a str);

#[tokio::test]
async fn invalid_bodies_are_refused_by_field() {
    let api = TestApi::start(router).await;
    let alice = api.signed_in().await;
    let path = format!("/chatroom/{}/message", alice.post("/chatroom", json!({})).await.id());
    let json_type = [("content-type", "application/json")];
    let long = json!({ "content": "x".repeat(8_001) }).to_string();
    let huge = json!({ "content": "x".repeat(140_000) }).to_string();
    let deep = format!("{{\"content\":{}}}", "[".repeat(5_000));
    let cases: [Case; 12] = [
        (&json_type, b"{}", 422, "validation_failed", "/content"),
        (&json_type, b"{\"content\": 5}", 422, "validation_failed", "/content"),
        (&json_type, b"{\"content\": \"\"}", 422, "validation_failed", "/content"),
        (&json_type, b"{\"content\": \"nul \\u0000\"}", 422, "validation_failed", "/content"),
        (&json_type, b"{\"content\": \"hi\", \"model\": \"x\"}", 422, "validation_failed", "/model"),
        (&json_type, long.as_bytes(), 422, "validation_failed", "/content"),
        (&json_type, huge.as_bytes(), 413, "payload_too_large", ""),
        (&json_type, b"{\"content\": \"hi\"", 400, "malformed_request", ""),
        (&json_type, b"{\"content\": \"\xff\"}", 400, "malformed_request", ""),
        (&json_type, deep.as_bytes(), 422, "validation_failed", "/content"),
        (&[], b"{\"content\": \"hi\"}", 415, "unsupported_media_type", ""),
        (&[("content-type", "text/plain")], b"{\"content\": \"hi\"}", 415, "unsupported_media_type", ""),
    ];
    for (headers, body, status, code, pointer) in cases {
        let answer = alice.raw(Method::POST, &path, headers, body.to_vec()).await;
        let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        assert_eq!((answer.status(), answer.code().as_str()), (status, code), "{shown}");
        assert_eq!(answer.body()["errors"][0]["pointer"].as_str().unwrap_or_default(), pointer, "{shown}");
    }
    assert!(api.queued().is_empty());
}

#[tokio::test]
async fn a_type_without_a_body_is_no_body() {
    let api = TestApi::start(router).await;
    let alice = api.signed_in().await;
    let json_type = [("content-type", "application/json")];
    let created = alice.raw(Method::POST, "/chatroom", &json_type, "").await;
    assert_eq!(created.status(), 201);
    let message = format!("/chatroom/{}/message", created.id());
    let missing = alice.raw(Method::POST, &message, &json_type, "").await;
    assert_eq!((missing.status(), &missing.body()["errors"][0]["code"]), (422, &json!("missing")));
    let sent = alice.json(Method::POST, &message, &[], json!({ "content": "hi" })).await;
    for (action, status) in [("cancel", 200), ("regenerate", 202)] {
        let path = format!("{}/{action}", sent.location());
        assert_eq!(alice.raw(Method::POST, &path, &json_type, "").await.status(), status, "{action}");
    }
}

#[tokio::test]
async fn the_longest_message_is_accepted_however_its_characters_are_encoded() {
    let api = TestApi::start(router).await;
    let alice = api.signed_in().await;
    let path = format!("/chatroom/{}/message", alice.post("/chatroom", json!({})).await.id());
    let bodies = ["x", "\u{1f600}", "\\ud83d\\ude00"].map(|char| format!("{{\"content\":\"{}\"}}", char.repeat(8_000)));
    for body in bodies {
        let sent = alice.raw(Method::POST, &path, &[("content-type", "application/json")], body).await;
        assert_eq!(sent.status(), 202, "{}", sent.code());
    }
}

#[tokio::test]
async fn unknown_ids_paths_and_methods_are_problems() {
    let api = TestApi::start(router).await;
    let alice = api.signed_in().await;
    let id = shared::domain::ChatroomId::generate();
    for path in [
        format!("/chatroom/{id}"),
        "/chatroom/not-an-id".into(),
        format!("/chatroom/{id}/message/x"),
        "/chatroom/a/b/c".into(),
    ] {
        assert_eq!(alice.get(&path).await.code(), "not_found", "{path}");
    }
    let answer = alice.raw(Method::PUT, "/chatroom", &[], "").await;
    assert_eq!((answer.status(), answer.code().as_str()), (405, "method_not_allowed"));
    let mut allowed: Vec<_> = answer.header("allow").split(',').collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
    assert_eq!(alice.get("/chatroom?limit=101").await.status(), 422);
    assert_eq!(alice.get("/chatroom?page=2").await.body()["errors"][0]["pointer"], "/page");
    let odd = alice
        .json(
            Method::POST,
            &format!("/chatroom/{id}/message"),
            &[("idempotency-key", "a b")],
            json!({ "content": "x" }),
        )
        .await;
    assert_eq!((odd.status(), odd.code().as_str()), (400, "idempotency_key_invalid"));
}

#[tokio::test]
async fn responses_forbid_storing_sniffing_and_framing() {
    let api = TestApi::start(router).await;
    let answer = api.signed_in().await.get("/chatroom").await;
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let policy = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'";
    assert_eq!(answer.header("content-security-policy"), policy);
}
