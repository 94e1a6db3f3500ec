//! What is in the document.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use shared::http::Code;

use crate::service::operations;

/// What an operation's id begins with: generated clients have a method of that name.
const VERBS: [&str; 19] = [
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
    "request",
    "send",
    "sign",
    "subscribe",
    "update",
    "verify",
];

#[test]
fn the_files_are_what_is_made_of_the_code() {
    for (path, text) in openapi::files().unwrap() {
        let present = fs::read_to_string(openapi::root().join(path)).unwrap_or_default();
        assert!(present == text, "{path} is stale: cargo run -p openapi");
    }
}

#[test]
fn every_operation_is_told_whole() {
    let document = openapi::document();
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let of = format!("{method} {path}");
        for field in ["operationId", "summary", "description"] {
            assert!(operation[field].as_str().is_some_and(|text| text.len() > 3), "{of} has no {field}");
        }
        assert!(ids.insert(operation["operationId"].to_string()), "{of}: its operationId is another's");
        let (verb, noun) = operation["operationId"].as_str().unwrap().split_once('_').unwrap_or_default();
        assert!(VERBS.contains(&verb) && !noun.is_empty(), "{of}: its operationId is no verb phrase");
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
fn every_refusal_that_a_function_names_is_one_of_its_operations() {
    for (function, contract) in openapi::FUNCTIONS {
        let contract = serde_json::to_value(contract()).unwrap();
        let document = openapi::document();
        let own = operations(&document).into_iter().filter(|(path, ..)| contract["paths"].get(path).is_some());
        let told: BTreeSet<String> = own.flat_map(|(.., operation)| codes(&operation)).collect();
        for code in
            Code::ALL.iter().filter(|code| uses(&openapi::root().join("functions").join(function).join("src"), **code))
        {
            assert!(told.contains(code.as_str()), "{function}: {code:?} is not told");
        }
    }
}

#[test]
fn every_refusal_that_an_operation_names_is_a_code_with_that_status() {
    for (function, contract) in openapi::FUNCTIONS {
        for (path, method, operation) in operations(&serde_json::to_value(contract()).unwrap()) {
            for (status, response) in
                operation["responses"].as_object().unwrap().iter().filter(|(status, _)| status.starts_with('4'))
            {
                for name in response["description"].as_str().unwrap().split(", ") {
                    let code = Code::ALL.iter().find(|code| code.as_str() == name);
                    let is = code.map(|code| code.status().as_u16().to_string());
                    assert_eq!(is.as_ref(), Some(status), "{function}: {name} of {method} {path}");
                }
            }
        }
    }
}

#[test]
fn every_code_is_one_of_some_operation() {
    let told: BTreeSet<_> =
        operations(&openapi::document()).iter().flat_map(|(.., operation)| codes(operation)).collect();
    assert_eq!(told, Code::ALL.iter().map(|code| code.as_str().to_owned()).collect());
}

/// The codes of an operation's refusals.
fn codes(operation: &Value) -> Vec<String> {
    let names = operation["responses"].as_object().unwrap().values().filter_map(|answer| answer["$ref"].as_str());
    names.flat_map(|name| name.rsplit('/').next().unwrap().split("-or-")).map(str::to_owned).collect()
}

/// Whether a source in `folder` names `code`.
fn uses(folder: &Path, code: Code) -> bool {
    fs::read_dir(folder).unwrap().any(|file| {
        let path = file.unwrap().path();
        path.extension().is_some_and(|extension| extension == "rs") && {
            let source = fs::read_to_string(path).unwrap();
            let name = format!("Code::{code:?}");
            source.match_indices(&name).any(|(at, _)| !source[at + name.len()..].starts_with(char::is_alphanumeric))
        }
    })
}
