//! Requests without a body: many clients send a type with every POST.

use http::Method;

use crate::service::{Service, concrete, operations};

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

#[tokio::test]
async fn a_type_without_a_body_is_no_body() {
    let service = Service::start().await;
    let mut tried = 0;
    for (path, method, operation) in operations(&openapi::document()) {
        if method == "GET" || operation["requestBody"]["required"] == true {
            continue;
        }
        let (method, address) = (Method::from_bytes(method.as_bytes()).unwrap(), concrete(&path));
        let mut statuses = Vec::new();
        for headers in [
            &[],
            &JSON[..],
            &[JSON[0], ("content-length", "0")],
            &[("content-type", "application/json; charset=utf-8")],
        ] {
            // Some of them end the session or the account.
            let user = service.at(&service.0.signed_in().await, &path);
            let answer = user.raw(method.clone(), &address, headers, "").await;
            statuses.push((answer.status(), answer.code()));
        }
        assert!(statuses.iter().all(|status| *status == statuses[0]), "{method} {path}: {statuses:?}");
        assert!(![400, 415, 422].contains(&statuses[0].0), "{method} {path}: {statuses:?}");
        tried += 1;
    }
    assert!(tried >= 12, "{tried}");
}

#[tokio::test]
async fn a_body_that_is_needed_is_missed_by_its_fields() {
    let service = Service::start().await;
    let mut tried = 0;
    for (path, method, operation) in operations(&openapi::document()) {
        let is_read = operation["requestBody"]["content"]["application/json"]["schema"].get("$ref").is_some();
        if operation["requestBody"]["required"] != true || !is_read {
            continue;
        }
        let user = service.at(&service.0.signed_in().await, &path);
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        for (body, code) in [("", "missing"), ("{}", "missing"), ("null", "wrong_type")] {
            let refused = user.raw(method.clone(), &concrete(&path), &JSON, body).await;
            let error = refused.body()["errors"][0].clone();
            assert_eq!(
                (refused.code().as_str(), &error["code"]),
                ("validation_failed", &code.into()),
                "{method} {path}"
            );
            if body == "null" {
                assert_eq!(error["detail"], "Must be an object.", "{method} {path}");
            }
        }
        tried += 1;
    }
    assert!(tried >= 9, "{tried}");
}
