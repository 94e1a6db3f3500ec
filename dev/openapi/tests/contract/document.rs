//! The contents of the document.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use shared::http::ProblemCode;

use crate::service::operations;

/// The verbs that an operation's id may begin with: generated clients have a method of that name.
const VERBS: [&str; 21] = [
    "cancel",
    "change",
    "create",
    "delete",
    "end",
    "get",
    "list",
    "log",
    "open",
    "reactivate",
    "receive",
    "refresh",
    "regenerate",
    "follow",
    "request",
    "resume",
    "send",
    "sign",
    "subscribe",
    "update",
    "verify",
];

#[test]
fn the_generated_files_are_up_to_date() {
    for (path, text) in openapi::files().unwrap() {
        let present = fs::read_to_string(openapi::root().join(path)).unwrap_or_default();
        assert!(present == text, "{path} is stale: cargo run -p openapi");
    }
}

#[test]
fn every_operation_is_fully_described() {
    let document = openapi::document();
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let of = format!("{method} {path}");
        for field in ["operationId", "summary", "description"] {
            assert!(operation[field].as_str().is_some_and(|text| text.len() > 3), "{of} has no {field}");
        }
        assert!(ids.insert(operation["operationId"].to_string()), "{of}: another operation has its operationId");
        let (verb, noun) = operation["operationId"].as_str().unwrap().split_once('_').unwrap_or_default();
        assert!(
            VERBS.contains(&verb) && !noun.is_empty(),
            "{of}: its operationId is no verb phrase, or {verb} is missing in VERBS"
        );
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{of}");
        assert!(operation["security"].is_array(), "{of}");
        for parameter in operation["parameters"].as_array().unwrap() {
            assert!(parameter["$ref"].is_string() || parameter["description"].is_string(), "{of}: {parameter}");
        }
        let body = operation.get("requestBody").into_iter();
        let answers = operation["responses"].as_object().unwrap().values();
        for media in
            body.chain(answers).filter_map(|part| part["content"].as_object()).flat_map(|content| content.values())
        {
            assert!(!media["example"].is_null(), "{of} has no example: {media}");
        }
        for status in ["500", "503"] {
            assert!(operation["responses"][status]["$ref"].is_string(), "{of} cannot fail");
        }
    }
}

#[test]
fn every_code_is_returned_by_an_operation() {
    let told: BTreeSet<_> =
        operations(&openapi::document()).iter().flat_map(|(.., operation)| codes(operation)).collect();
    assert_eq!(told, ProblemCode::ALL.iter().map(|code| code.as_str().to_owned()).collect());
}

/// The codes of an operation's refusals.
fn codes(operation: &Value) -> Vec<String> {
    let own = operation["responses"].as_object().unwrap().iter().filter(|(status, _)| *status != "default");
    let names = own.filter_map(|(_, answer)| answer["$ref"].as_str());
    names.flat_map(|name| name.rsplit('/').next().unwrap().split("-or-")).map(str::to_owned).collect()
}
