//! Invalid requests, through the gateway.

use e2e::Person;
use reqwest::Method;
use serde_json::{Value, json};

fn assert_problem(answer: &e2e::Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.code()), (status, code), "{}", answer.body);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    assert_eq!(answer.body["request_id"].as_str(), answer.headers["x-request-id"].to_str().ok());
}

#[tokio::test]
async fn every_refusal_is_a_problem_document() {
    let ada = Person::signed_in().await;
    let room = ada.room().await;
    let message = format!("{room}/message");
    let raw = |content_type: &str, body: Vec<u8>| {
        ada.request(Method::POST, &message).header("content-type", content_type).body(body)
    };
    assert_problem(&ada.send(raw("application/json", b"{".to_vec())).await, 400, "malformed_request");
    assert_problem(
        &ada.send(raw("application/json", b"{\"content\":\"\xff\"}".to_vec())).await,
        400,
        "malformed_request",
    );
    assert_problem(&ada.send(raw("text/plain", b"hi".to_vec())).await, 415, "unsupported_media_type");
    let large = json!({ "content": "x".repeat(140_000) }).to_string();
    assert_problem(&ada.send(raw("application/json", large.into())).await, 413, "payload_too_large");
    let unknown = ada.post(&message, json!({ "content": "hi", "admin": true })).await;
    assert_problem(&unknown, 422, "validation_failed");
    assert_eq!(unknown.body["errors"][0]["pointer"], "/admin");
    assert_problem(&ada.get("/chatroom/00000000-0000-7000-8000-000000000000").await, 404, "not_found");
    assert_problem(&Person::signed_in().await.get(&room).await, 404, "not_found");
    assert_problem(&Person::new().get("/nowhere/at/all").await, 404, "not_found");
    assert_problem(&ada.send(ada.request(Method::PUT, "/user/me")).await, 405, "method_not_allowed");
}

#[tokio::test]
async fn tokens_that_are_not_ours_are_refused() {
    let ada = Person::signed_in().await;
    assert_problem(&Person::new().get("/user/me").await, 401, "unauthenticated");
    let unsigned =
        "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.eyJzdWIiOiIwMTkzMDAwMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDAifQ.";
    for token in [unsigned, "", "x.y.z", "null"] {
        assert_problem(&ada.with_token(token).get("/user/me").await, 401, "unauthenticated");
    }
}

#[tokio::test]
async fn bodies_of_every_shape_never_cause_a_server_error() {
    let ada = Person::signed_in().await;
    let bodies =
        [json!([]), json!("x"), json!(5), json!({ "mobile": [] }), json!({ "mobile": { "a": 1 } }), Value::Bool(true)];
    for path in [
        "/auth/signup",
        "/auth/send-otp",
        "/auth/verify-otp",
        "/auth/login",
        "/auth/refresh",
        "/auth/change-password",
        "/chatroom",
    ] {
        for body in &bodies {
            let answer = ada.post(path, body.clone()).await;
            assert!((400..500).contains(&answer.status), "{path} {body}: {} {}", answer.status, answer.body);
        }
    }
}
