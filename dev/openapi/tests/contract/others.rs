//! Another user's things are not found: checked for every operation with an id in its path, also for new ones.

use http::Method;
use serde_json::{Value, json};

use crate::service::{Service, operations};

#[tokio::test]
async fn every_id_of_another_user_is_not_found() {
    let service = Service::start().await;
    let document = openapi::document();
    let mut tried = 0;
    for (path, method, operation) in operations(&document).iter().filter(|(path, ..)| path.contains('{')) {
        let (alice, bob) = (service.0.signed_in().await, service.0.signed_in().await);
        let at_rooms = service.at(&alice, "/chatroom");
        let room = at_rooms.post("/chatroom", json!({})).await.id();
        let sent = at_rooms.post(&format!("/chatroom/{room}/message"), json!({ "content": "hi" })).await;
        let message = sent.body()["reply"]["id"].as_str().expect("a reply").to_owned();
        let session = alice.session.expect("signed in").to_string();
        let address = path.replace("{chatroom}", &room).replace("{message}", &message).replace("{session}", &session);
        assert!(!address.contains('{'), "{path}: this test does not know that id");

        let body = match &operation["requestBody"] {
            Value::Null => json!(null),
            body => body["content"]["application/json"]["example"].clone(),
        };
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let refused = service.at(&bob, path).json(method.clone(), &address, &[], body.clone()).await;
        assert_eq!((refused.status(), refused.code().as_str()), (404, "not_found"), "{method} {path}");

        // A stream of a reply that nobody writes would last until its greatest age.
        at_rooms.post(&format!("/chatroom/{room}/message/{message}/cancel"), json!(null)).await;
        let allowed = service.at(&alice, path).json(method.clone(), &address, &[], body).await;
        assert_ne!(allowed.status(), 404, "{method} {path} is not found for its owner either");
        tried += 1;
    }
    assert!(tried >= 9, "{tried}");
}
