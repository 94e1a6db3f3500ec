//! What clients may expect of HTTP: validators, compressed bodies, HEAD, OPTIONS.

use http::Method;
use serde_json::json;

use crate::service::Service;

#[tokio::test]
async fn an_unchanged_response_is_not_sent_again() {
    let service = Service::start().await;
    let user = service.0.signed_in().await;
    let rooms = service.at(&user, "/chatroom");
    let room = format!("/chatroom/{}", rooms.post("/chatroom", json!({ "title": "Tea" })).await.id());
    for path in ["/user/me", room.as_str()] {
        let template = if path == room { "/chatroom/{chatroom}" } else { path };
        let user = service.at(&user, template);
        let first = user.get(path).await;
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with("W/\""), "{path}: {tag}");
        assert_eq!(first.header("cache-control"), "private, no-cache", "{path}");

        let kept = user.raw(Method::GET, path, &[("if-none-match", &tag)], "").await;
        assert_eq!((kept.status(), kept.bytes.len(), kept.header("etag")), (304, 0, tag.as_str()), "{path}");
        assert!(!kept.header("x-request-id").is_empty());

        let field = if path == room { "title" } else { "name" };
        assert_eq!(user.patch(path, json!({ field: "Coffee" })).await.status(), 200);
        let changed = user.raw(Method::GET, path, &[("if-none-match", &tag)], "").await;
        assert_eq!(changed.status(), 200, "{path}");
        assert_ne!(changed.header("etag"), tag, "{path}");
    }
}

#[tokio::test]
async fn a_refusal_has_no_etag() {
    let service = Service::start().await;
    let refused =
        service.at(&service.0.anyone(), "/user/me").raw(Method::GET, "/user/me", &[("if-none-match", "*")], "").await;
    assert_eq!((refused.status(), refused.header("etag"), refused.header("cache-control")), (401, "", "no-store"));
}

#[tokio::test]
async fn long_responses_are_compressed_if_the_client_accepts_that_and_short_ones_are_not() {
    let service = Service::start().await;
    let user = service.at(&service.0.signed_in().await, "/chatroom");
    let packed = [("accept-encoding", "gzip")];
    let room = user.post("/chatroom", json!({ "system_prompt": "x".repeat(3_000) })).await.id();
    let path = format!("/chatroom/{room}");
    let (plain, gzip) = (user.get(&path).await, user.raw(Method::GET, &path, &packed, "").await);
    assert_eq!((plain.header("content-encoding"), gzip.header("content-encoding")), ("", "gzip"));
    assert!(gzip.bytes.starts_with(&[0x1f, 0x8b]) && gzip.bytes.len() < plain.bytes.len() / 4, "{}", gzip.bytes.len());
    assert_eq!(gzip.header("etag"), plain.header("etag"));
    assert!(gzip.header("vary").contains("accept-encoding"));
    let short = user.json(Method::POST, "/chatroom", &packed, json!({ "title": "Tea" })).await;
    assert_eq!((short.status(), short.header("content-encoding")), (201, ""));
}

#[tokio::test]
async fn head_is_a_get_without_its_body() {
    let service = Service::start().await;
    let user = service.at(&service.0.signed_in().await, "/user/me");
    let (get, head) = (user.get("/user/me").await, user.raw(Method::HEAD, "/user/me", &[], "").await);
    assert_eq!((head.status(), head.bytes.len(), head.header("etag")), (200, 0, get.header("etag")));
}

#[tokio::test]
async fn a_method_that_a_path_does_not_have_is_refused_and_its_methods_are_listed() {
    let service = Service::start().await;
    let user = service.at(&service.0.signed_in().await, "/user/me");
    let refused = user.raw(Method::PUT, "/user/me", &[], "").await;
    assert_eq!((refused.status(), refused.code().as_str()), (405, "method_not_allowed"));
    assert!(refused.header("allow").contains("PATCH"), "{}", refused.header("allow"));
}

#[tokio::test]
async fn a_token_that_is_not_valid_is_told_from_none() {
    let service = Service::start().await;
    let asked = async |headers: &[(&str, &str)], path: &str, body: &'static str| {
        let anyone = service.at(&service.0.anyone(), path);
        let method = if body.is_empty() { Method::GET } else { Method::POST };
        let refused = anyone.raw(method, path, headers, body).await;
        assert_eq!(refused.status(), 401);
        refused.header("www-authenticate").to_owned()
    };
    assert_eq!(asked(&[], "/user/me", "").await, "Bearer");
    assert_eq!(asked(&[("authorization", "Basic YTpi")], "/user/me", "").await, "Bearer");
    assert_eq!(asked(&[("authorization", "Bearer ")], "/user/me", "").await, "Bearer");
    let stale = ("authorization", "bearer stale");
    assert_eq!(asked(&[stale], "/user/me", "").await, "Bearer error=\"invalid_token\"");
    let json = ("content-type", "application/json");
    let guess = r#"{"mobile":"+14155550123","password":"not the one"}"#;
    assert_eq!(asked(&[stale, json], "/auth/login", guess).await, "Bearer", "the password is wrong, not the token");
}

#[tokio::test]
async fn the_list_of_problems_is_a_page_or_json_as_the_client_wants() {
    let service = Service::start().await;
    let anyone = service.at(&service.0.anyone(), "/problems");
    let asked = async |accept: &str| anyone.raw(Method::GET, "/problems", &[("accept", accept)], "").await;
    let (page, list) = (asked("text/html,*/*;q=0.8").await, asked("application/json").await);
    assert_eq!((page.header("content-type"), page.header("vary")), ("text/html; charset=utf-8", "accept"));
    assert_eq!((list.header("content-type"), list.header("vary")), ("application/json", "accept"));
    let told: Vec<_> = list.body()["data"].as_array().unwrap().iter().map(|one| one["code"].clone()).collect();
    let codes: Vec<_> = shared::http::ProblemCode::ALL.iter().map(|code| json!(code)).collect();
    assert_eq!(told, codes);
    let explained = &list.body()["data"][0];
    for field in ["cause", "remedy"] {
        assert!(explained[field].as_str().is_some_and(|text| text.len() > 5), "{explained}");
    }
    assert_eq!(explained["status"], 400);
}
