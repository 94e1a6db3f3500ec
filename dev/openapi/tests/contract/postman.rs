//! The Postman collection has every operation, uses no unknown variable, and its journey follows the document.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::service::operations;

fn collection() -> Value {
    openapi::collection(&openapi::document()).unwrap()
}

fn items(folder: &Value) -> impl Iterator<Item = &Value> {
    folder["item"].as_array().unwrap().iter()
}

/// Method and address of a request, as the document writes paths.
fn called(item: &Value) -> (String, String) {
    let parts = item["request"]["url"]["path"].as_array().into_iter().flatten().map(|part| part.as_str().unwrap());
    let parts = parts.map(|part| part.strip_prefix(':').map_or_else(|| part.to_owned(), |name| format!("{{{name}}}")));
    let path: Vec<_> = parts.collect();
    (item["request"]["method"].as_str().unwrap().to_owned(), format!("/{}", path.join("/")))
}

/// Every text in a part of the collection.
fn texts(part: &Value) -> Vec<&str> {
    match part {
        Value::String(text) => vec![text],
        Value::Array(parts) => parts.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn the_folders_of_the_tags_have_every_operation_once() {
    let (collection, document) = (collection(), openapi::document());
    let mut found: Vec<_> = items(&collection).skip(1).flat_map(items).map(called).collect();
    let mut told: Vec<_> = operations(&document).into_iter().map(|(path, method, _)| (method, path)).collect();
    found.sort();
    told.sort();
    assert_eq!(found, told);
    for (folder, tag) in items(&collection).skip(1).zip(document["tags"].as_array().unwrap()) {
        assert_eq!((&folder["name"], &folder["description"]), (&tag["name"], &tag["description"]));
        for item in items(folder) {
            assert!(!item["request"]["description"].as_str().unwrap().is_empty(), "{}", item["name"]);
        }
    }
}

#[test]
fn requests_use_the_authentication_that_the_document_requires() {
    let (collection, document) = (collection(), openapi::document());
    assert_eq!(collection["auth"]["bearer"][0]["value"], "{{access_token}}");
    for item in items(&collection).flat_map(items).filter(|item| item["request"]["url"]["path"].is_array()) {
        let (method, path) = called(item);
        let security = &document["paths"][&path][method.to_lowercase()]["security"];
        let expected = match security.get(0) {
            None => json!("noauth"),
            Some(schemes) if schemes.get("operator").is_some() => json!("apikey"),
            Some(_) => Value::Null,
        };
        assert_eq!(item["request"]["auth"]["type"], expected, "{method} {path}");
    }
}

#[test]
fn every_used_variable_is_declared_and_every_name_is_unique() {
    let collection = collection();
    let variables: BTreeSet<_> =
        collection["variable"].as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap()).collect();
    let mut names = BTreeSet::new();
    for item in items(&collection).flat_map(items) {
        assert!(names.insert(item["name"].to_string()), "{} is the name of two requests", item["name"]);
        for text in texts(item) {
            let used = text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}")).map(|(name, _)| name);
            let asked = ["get('", "set('"].map(|call| format!("collectionVariables.{call}"));
            let scripted = asked.iter().flat_map(|call| text.split(call.as_str()).skip(1));
            for name in used.chain(scripted.filter_map(|rest| rest.split('\'').next())) {
                assert!(name == "$guid" || variables.contains(name), "{}: {name}", item["name"]);
            }
        }
    }
}

#[test]
fn every_request_of_the_journey_asserts_its_status_and_its_id() {
    let collection = collection();
    let journey = items(&collection).next().unwrap();
    assert_eq!(journey["name"], "Journey");
    let document = openapi::document();
    let mut used = BTreeSet::new();
    for item in items(journey) {
        let script = texts(&item["event"]).join("\n");
        assert!(script.contains("pm.response.to.have.status("), "{}", item["name"]);
        let of_the_api = item["request"]["url"]["path"].is_array();
        assert_eq!(script.contains("X-Request-Id"), of_the_api, "{}", item["name"]);
        let (method, path) = called(item);
        used.insert(
            document["paths"][&path][method.to_lowercase()]["operationId"].as_str().unwrap_or("pay").to_owned(),
        );
    }
    for operation in
        ["sign_up", "verify_otp", "send_message", "subscribe_to_pro", "pay", "cancel_subscription", "log_out"]
    {
        assert!(used.contains(operation), "{operation}");
    }
}

#[test]
fn a_renamed_operation_or_field_fails_the_generation() {
    let document = openapi::document().to_string();
    for (name, other) in [
        ("\"operationId\":\"send_otp\"", "\"operationId\":\"send_code\""),
        ("\"name\":\"wait\"", "\"name\":\"patience\""),
        ("\"content\":\"We have two days", "\"text\":\"We have two days"),
        ("\"name\":\"session\"", "\"name\":\"device\""),
    ] {
        assert!(document.contains(name), "{name}");
        let changed = serde_json::from_str(&document.replace(name, other)).unwrap();
        let gap = openapi::collection(&changed).expect_err(name).to_string();
        assert!(gap.starts_with("docs/postman_collection.json: "), "{gap}");
    }
}
