//! Addresses in responses lead to where they say, wherever the API is mounted; and a resource has one address.

use http::Method;
use serde_json::json;
use url::Url;

use crate::service::{Service, concrete, operations};

/// A domain, a stage, a mapping of a domain, and the emulator.
const MOUNTS: [&str; 4] = [
    "https://api.example.com",
    "https://id.execute-api.eu-west-1.amazonaws.com/v1",
    "https://example.com/apps/chat",
    "http://127.0.0.1:8000/_aws/execute-api/chat",
];

/// Where a reference in a response leads, if the request was to `path`.
fn resolved(mount: &str, path: &str, reference: &str) -> String {
    Url::parse(&format!("{mount}{path}")).unwrap().join(reference).unwrap().to_string()
}

#[tokio::test]
async fn the_type_of_a_problem_leads_to_its_explanation() {
    let service = Service::start().await;
    let anyone = service.0.anyone();
    let page = service.at(&anyone, "/problems").get("/problems").await;
    assert_eq!((page.status(), page.header("content-type")), (200, "text/html; charset=utf-8"));
    let page = String::from_utf8(page.bytes).unwrap();
    let mut tried = 0;
    for template in openapi::document()["paths"].as_object().unwrap().keys() {
        let path = concrete(template);
        let refused = service.at(&anyone, template).raw(Method::TRACE, &path, &[], "").await;
        let kind = refused.body()["type"].as_str().unwrap().to_owned();
        for mount in MOUNTS {
            assert_eq!(resolved(mount, &path, &kind), format!("{mount}/problems#method_not_allowed"), "{path}: {kind}");
        }
        tried += 1;
    }
    assert!(tried > 20 && page.contains("<h2 id=method_not_allowed>"), "{tried}");
}

#[tokio::test]
async fn a_location_leads_to_what_was_made() {
    let service = Service::start().await;
    let user = service.at(&service.0.signed_in().await, "/chatroom");
    let room = user.post("/chatroom", json!({})).await;
    let messages = format!("/chatroom/{}/message", room.id());
    let sent = user.post(&messages, json!({ "content": "hi" })).await;
    let reply = sent.body()["reply"]["id"].as_str().unwrap().to_owned();
    let one = format!("{messages}/{reply}");
    assert_eq!(user.post(&format!("{one}/cancel"), json!(null)).await.status(), 200);
    let again = format!("{one}/regenerate");
    let regenerated = user.post(&again, json!(null)).await;
    for (path, made) in [("/chatroom", &room), (messages.as_str(), &sent), (again.as_str(), &regenerated)] {
        let location = made.header("location");
        for mount in MOUNTS {
            let led_to = resolved(mount, path, location);
            let read = user.get(led_to.strip_prefix(mount).expect("within the API")).await;
            let id = made.body()["reply"]["id"].as_str().map_or_else(|| made.id(), str::to_owned);
            assert_eq!((read.status(), read.id()), (200, id), "{path}: {location}");
        }
    }
}

#[tokio::test]
async fn no_path_ends_with_a_slash() {
    let service = Service::start().await;
    let user = service.0.signed_in().await;
    for (path, method, _) in operations(&openapi::document()) {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let refused = service.at(&user, &path).raw(method, &format!("{}/", concrete(&path)), &[], "").await;
        assert_eq!((refused.status(), refused.code().as_str()), (404, "not_found"), "{path}");
        assert!(refused.body()["detail"].as_str().unwrap().contains("slash"), "{path}");
    }
}
