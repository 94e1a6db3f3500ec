//! What browsers may do from other origins, on a stack that allows two of them, one of which is on this machine:
//! `CORS_ORIGINS=https://app.example.org,http://localhost:47821 dev/up cargo test -p e2e --test cors`.

#![cfg(test)]

mod streaming;
#[path = "../browser/webdriver/mod.rs"]
#[expect(dead_code, reason = "these tests drive one page, and need less")]
mod webdriver;

use std::collections::BTreeSet;

use e2e::{Answer, Person, variable};
use reqwest::Method;
use serde_json::{Value, json};

/// Headers that no page sends: operators and Stripe do not use browsers.
const NOT_OF_PAGES: [&str; 2] = ["X-Operator-Key", "Stripe-Signature"];
const FOREIGN: [&str; 5] = [
    "https://example.org",
    "https://app.example.org.evil.example",
    "https://evil.app.example.org",
    "http://app.example.org",
    "null",
];

fn origins() -> Vec<String> {
    let origins: Vec<_> = variable("CORS_ORIGINS").split(',').map(str::to_owned).collect();
    let is_known = |origin: &String| origin.starts_with("https://") || origin.starts_with("http://localhost:");
    assert!(origins.len() > 1 && origins.iter().all(is_known), "{origins:?}");
    origins
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.get(name).map(|value| value.to_str().unwrap())
}

/// The names in a header, in lower case.
fn listed(answer: &Answer, name: &str) -> BTreeSet<String> {
    let list = header(answer, name).unwrap_or_default();
    list.split(',').map(|one| one.trim().to_lowercase()).filter(|one| !one.is_empty()).collect()
}

/// Asks whether a page of that origin may send such a request.
async fn preflight(path: &str, origin: &str, method: &str, headers: &str) -> Answer {
    let somebody = Person::new();
    let request = somebody.request(Method::OPTIONS, path).header("origin", origin);
    let request = request.header("access-control-request-method", method);
    somebody.send(request.header("access-control-request-headers", headers)).await
}

/// The hosts of an operation: that of the API, which is left out, and the streaming door.
fn hosts(operation: &Value) -> impl Iterator<Item = String> {
    let servers = operation["servers"].as_array().cloned().unwrap_or_else(|| vec![json!({ "url": "/" })]);
    let streamed = operation["x-event-stream"].get("server").cloned();
    servers.into_iter().chain(streamed).map(|server| match server["url"].as_str() {
        Some("/") => String::new(),
        _ => variable("STREAM_URL").trim_end_matches('/').to_owned(),
    })
}

async fn get(path: &str, origin: &str) -> Answer {
    let somebody = Person::new();
    somebody.send(somebody.request(Method::GET, path).header("origin", origin)).await
}

fn assert_nothing_is_allowed(answer: &Answer, what: &str) {
    let told: Vec<_> = answer.headers.keys().filter(|name| name.as_str().starts_with("access-control-")).collect();
    assert!(told.is_empty(), "{what}: {told:?}");
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_may_call_every_operation_with_every_header_of_the_contract() {
    let document: Value =
        serde_json::from_str(include_str!("../../../../docs/openapi.json")).expect("the contract is JSON");
    let operations = document["paths"].as_object().unwrap().iter().flat_map(|(path, item)| {
        item.as_object().unwrap().iter().map(move |(method, operation)| (path, method.to_uppercase(), operation))
    });
    let mut tried = 0;
    for (path, method, operation) in operations {
        let of_header = |one: &&Value| one["in"] == "header" && !NOT_OF_PAGES.contains(&one["name"].as_str().unwrap());
        let own = operation["parameters"].as_array().unwrap().iter().filter(of_header);
        let mut headers: Vec<_> = own.map(|one| one["name"].as_str().unwrap().to_lowercase()).collect();
        headers.extend(["authorization", "content-type"].map(str::to_owned));
        for (origin, host) in
            origins().into_iter().flat_map(|origin| hosts(operation).map(move |host| (origin.clone(), host)))
        {
            let answer = preflight(&format!("{host}{path}"), &origin, &method, &headers.join(",")).await;
            assert!([200, 204].contains(&answer.status), "{method} {path}: {}", answer.status);
            assert_eq!(header(&answer, "access-control-allow-origin"), Some(origin.as_str()), "{method} {path}");
            assert!(
                listed(&answer, "access-control-allow-methods").contains(&method.to_lowercase()),
                "{method} {path}"
            );
            let allowed = listed(&answer, "access-control-allow-headers");
            assert!(headers.iter().all(|one| allowed.contains(one)), "{method} {path}: {headers:?} of {allowed:?}");
            assert_eq!(header(&answer, "access-control-allow-credentials"), None, "{method} {path}");
            tried += 1;
        }
    }
    assert!(tried >= 60, "{tried}");
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_reads_responses_and_refusals_with_their_headers() {
    for origin in origins() {
        for (path, status) in [("/health", 200), ("/user/me", 401), ("/nowhere", 404)] {
            let answer = get(path, &origin).await;
            assert_eq!(answer.status, status);
            assert_eq!(header(&answer, "access-control-allow-origin"), Some(origin.as_str()), "{path}");
            assert_eq!(header(&answer, "access-control-expose-headers"), Some("*"), "{path}");
            assert_eq!(header(&answer, "access-control-allow-credentials"), None, "{path}: tokens are not cookies");
            assert!(listed(&answer, "vary").contains("origin"), "{path}: {:?}", answer.headers);
        }
    }
}

#[tokio::test]
async fn a_page_of_any_other_origin_is_not_allowed_anything() {
    for origin in FOREIGN {
        assert!(!origins().iter().any(|named| named == origin));
        assert_nothing_is_allowed(&preflight("/chatroom", origin, "POST", "authorization").await, origin);
        let read = get("/health", origin).await;
        assert_nothing_is_allowed(&read, origin);
        assert_eq!(read.status, 200, "a client without CORS is not restricted by origin");
    }
}

#[tokio::test]
async fn the_webhooks_own_address_allows_no_page() {
    let address = variable("WEBHOOK_URL");
    for origin in origins() {
        assert_nothing_is_allowed(&preflight(&address, &origin, "POST", "content-type").await, &origin);
        assert_nothing_is_allowed(&get(&address, &origin).await, &origin);
    }
}
