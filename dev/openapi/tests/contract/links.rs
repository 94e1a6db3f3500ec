//! Links lead from a field of a response to an input of another operation.

use serde_json::Value;

use crate::service::operations;

#[test]
fn every_link_leads_from_an_existing_field_to_an_existing_input() {
    let document = openapi::document();
    let mut tried = 0;
    for (path, method, source) in operations(&document) {
        for (status, response) in source["responses"].as_object().unwrap() {
            for (name, link) in response["links"].as_object().into_iter().flatten() {
                let of = format!("{method} {path} {status} {name}");
                let (_, _, target) = operations(&document)
                    .into_iter()
                    .find(|(.., operation)| operation["operationId"] == link["operationId"])
                    .unwrap_or_else(|| panic!("{of} leads to no operation"));
                let answer = &response["content"]["application/json"]["schema"];
                for (parameter, expression) in link["parameters"].as_object().into_iter().flatten() {
                    let has = |one: &Value| one["name"] == *parameter;
                    assert!(target["parameters"].as_array().unwrap().iter().any(has), "{of}: no {parameter}");
                    check(&document, &source, answer, expression, &of);
                }
                for (field, expression) in link["x-request-body"].as_object().into_iter().flatten() {
                    let body = &target["requestBody"]["content"]["application/json"]["schema"];
                    assert!(at(&document, body, field).is_some(), "{of}: no {field}");
                    check(&document, &source, answer, expression, &of);
                }
                tried += 1;
            }
        }
    }
    assert!(tried >= 25, "{tried}");
}

#[test]
fn every_operation_with_an_id_in_its_path_has_a_link_to_it() {
    let document = openapi::document();
    let links = document["paths"].to_string();
    for (path, _, operation) in operations(&document).iter().filter(|(path, ..)| path.contains('{')) {
        let led_to = format!("\"operationId\":{},\"parameters\":{{", operation["operationId"]);
        assert!(links.contains(&led_to), "nothing leads to {path}");
    }
}

/// An expression names a parameter of the source's path, or a field of its response.
fn check(document: &Value, source: &Value, answer: &Value, expression: &Value, of: &str) {
    let expression = expression.as_str().unwrap();
    if let Some(name) = expression.strip_prefix("$request.path.") {
        let has = |one: &Value| one["in"] == "path" && one["name"] == name;
        assert!(source["parameters"].as_array().unwrap().iter().any(has), "{of}: no {expression}");
    } else {
        let pointer = expression.strip_prefix("$response.body#/").unwrap_or_else(|| panic!("{of}: {expression}"));
        assert!(at(document, answer, pointer).is_some(), "{of}: no {expression}");
    }
}

/// The schema of the field at a JSON pointer into a value of `schema`.
fn at<'a>(document: &'a Value, schema: &'a Value, pointer: &str) -> Option<&'a Value> {
    let (first, rest) = pointer.split_once('/').map_or((pointer, None), |(first, rest)| (first, Some(rest)));
    let here = if let Some(name) = schema["$ref"].as_str() {
        return at(document, document.pointer(name.trim_start_matches('#'))?, pointer);
    } else if first.parse::<usize>().is_ok() {
        schema.get("items")
    } else {
        schema["properties"].get(first)
    };
    match (here, rest) {
        (Some(found), None) => Some(found),
        (Some(found), Some(rest)) => at(document, found, rest),
        (None, _) => ["allOf", "oneOf", "anyOf"]
            .into_iter()
            .filter_map(|choice| schema[choice].as_array())
            .flatten()
            .find_map(|part| at(document, part, pointer)),
    }
}
