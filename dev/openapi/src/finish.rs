//! Completes every operation with what follows from its shape: limits, headers, examples, required fields.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use shared::http::Problem;
use utoipa::{PartialSchema, ToSchema};

use crate::{examples, header, limits, links, order, refusals};

type Schemas = Map<String, Value>;

/// Completes the functions' declarations. Returns the refusals that they share.
pub(crate) fn finish(paths: &mut Map<String, Value>, schemas: &mut Schemas) -> Map<String, Value> {
    problem_schema(schemas);
    name_pages(paths, schemas);
    let operations = || paths.values().flat_map(|path| path.as_object().into_iter().flatten());
    let read: BTreeSet<String> =
        operations().flat_map(|(_, operation)| names(&operation["requestBody"], schemas)).collect();
    for (_, schema) in schemas.iter_mut().filter(|(name, _)| *name != "Problem" && !read.contains(*name)) {
        require_all(schema);
    }
    let (targets, mut refusals) = (links::targets(paths), Map::new());
    for (path, item) in paths.iter_mut() {
        for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
            complete(operation, schemas);
            let codes = refusals::codes(path, operation);
            limits::tell(operation, &codes.values().flatten().copied().collect::<Vec<_>>());
            refusals::refuse(codes, &mut operation["responses"], &mut refusals);
            operation["responses"]["default"] = json!({ "$ref": "#/components/responses/gateway" });
            links::tell(operation, &targets);
            order::tell(operation);
        }
    }
    refusals.insert("gateway".to_owned(), refusals::of_the_gateway());
    schemas.insert("GatewayRefusal".to_owned(), refusals::gateway_schema());
    refusals
}

/// The headers that responses share. A response always has the headers that it lists.
pub(crate) fn headers() -> Value {
    let text = |description: &str, example: &str| json!({ "description": description, "required": true, "schema": { "type": "string" }, "example": example });
    json!({
        "RequestId": text("The id of the request in the log.", refusals::REQUEST),
        "RetryAfter": {
            "description": "Seconds to wait.", "required": true, "schema": { "type": "integer", "minimum": 0 }, "example": 30,
        },
        "RateLimit": text("The messages left today, and the seconds until the allowance resets.", "\"daily\";r=4;t=53099"),
        "RateLimitPolicy": text("Messages a day.", "\"daily\";q=5;w=86400"),
        "ETag": text("The version of the response: send it as `If-None-Match`.", "W/\"3q2-7wABAgMEBQYH\""),
        "WwwAuthenticate": text(
            "How to authenticate. It has `error` if a token was sent and is not valid.",
            "Bearer error=\"invalid_token\"",
        ),
    })
}

/// The parameters that operations share.
pub(crate) fn parameters() -> Value {
    json!({ "IfNoneMatch": {
        "name": "If-None-Match", "in": "header", "schema": { "type": "string" }, "example": "W/\"3q2-7wABAgMEBQYH\"",
        "description": "The `ETag` of a response that the client has kept: 304 if it has not changed.",
    } })
}

/// The schema of a problem: the declared one, the closed list of codes, and the request's id.
fn problem_schema(schemas: &mut Schemas) {
    let mut needed = Vec::new();
    Problem::schemas(&mut needed);
    needed.push(("Problem".to_owned(), Problem::schema()));
    for (name, schema) in needed {
        schemas.insert(name, serde_json::to_value(schema).unwrap_or_default());
    }
    let problem = &mut schemas["Problem"];
    problem["properties"]["request_id"] =
        json!({ "type": "string", "description": "The id of the request in the log." });
    problem["properties"]["status"]["minimum"] = json!(400);
    problem["required"] = json!(["type", "title", "status", "code", "detail", "request_id"]);
}

/// Gives the generic pages names (`ChatroomPage`), and their items the reference that the declarations lack.
fn name_pages(paths: &mut Map<String, Value>, schemas: &mut Schemas) {
    let generic: Vec<_> = schemas.keys().filter(|name| name.starts_with(GENERIC)).cloned().collect();
    for name in generic {
        let (item, schema) = (name.trim_start_matches(GENERIC).to_owned(), schemas.remove(&name));
        let mut schema = schema.unwrap_or_default();
        schema["properties"]["data"]["items"] = json!({ "$ref": format!("{SCHEMAS}{item}") });
        let page = format!("{item}Page");
        let (before, after) = (format!("{SCHEMAS}{name}"), format!("{SCHEMAS}{page}"));
        for part in paths.values_mut().chain(schemas.values_mut()) {
            refer(part, &before, &after);
        }
        schemas.insert(page, schema);
    }
}

/// What begins the name that the declarations give to a page.
const GENERIC: &str = "Listed_";
const SCHEMAS: &str = "#/components/schemas/";

/// Replaces every reference to `before`.
fn refer(part: &mut Value, before: &str, after: &str) {
    match part {
        Value::String(text) if text == before => after.clone_into(text),
        Value::Array(parts) => parts.iter_mut().for_each(|part| refer(part, before, after)),
        Value::Object(fields) => fields.values_mut().for_each(|part| refer(part, before, after)),
        _ => {}
    }
}

/// The schemas that a part of the document refers to.
fn names(part: &Value, schemas: &Schemas) -> BTreeSet<String> {
    let (mut found, mut open) = (BTreeSet::new(), vec![part]);
    while let Some(part) = open.pop() {
        match part {
            Value::Array(parts) => open.extend(parts),
            Value::Object(fields) => open.extend(fields.values()),
            Value::String(text) => {
                let name = text.strip_prefix(SCHEMAS);
                if let Some(name) = name.filter(|name| found.insert((*name).to_owned())) {
                    open.extend(schemas.get(name));
                }
            }
            _ => {}
        }
    }
    found
}

/// Responses have all of their fields; an empty one is `null`. Only one that cannot be `null` may be left out.
fn require_all(schema: &mut Value) {
    if let Some(fields) = schema["properties"].as_object() {
        let declared = schema["required"].as_array().cloned().unwrap_or_default();
        let is_always_there = |name: &str, field: &Value| declared.iter().any(|one| one == name) || may_be_null(field);
        let names: Vec<_> =
            fields.iter().filter(|(name, field)| is_always_there(name, field)).map(|(name, _)| name.clone()).collect();
        schema["required"] = json!(names);
    }
    for part in schema.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten() {
        require_all(part);
    }
}

fn may_be_null(schema: &Value) -> bool {
    let lists = |words: &Value| words.as_array().is_some_and(|words| words.iter().any(|word| word == "null"));
    let choices = schema["oneOf"].as_array().into_iter().flatten();
    lists(&schema["type"]) || choices.into_iter().any(|choice| choice["type"] == "null")
}

/// A text with one line per paragraph; a doc comment has several.
fn unwrapped(text: &str) -> String {
    text.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")).collect::<Vec<_>>().join("\n\n")
}

fn complete(operation: &mut Value, schemas: &Schemas) {
    if operation["security"].is_null() {
        operation["security"] = json!([]);
    }
    operation["description"] = json!(unwrapped(operation["description"].as_str().unwrap_or_default()));
    let is_revalidated = operation["responses"].get("304").is_some();
    let mut parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    for parameter in &mut parameters {
        if parameter["in"] == "header" {
            parameter["schema"]["type"] = json!("string");
        }
        if parameter["in"] == "path" {
            parameter["example"] = examples::of(&parameter["schema"], schemas);
        }
    }
    if is_revalidated {
        parameters.push(json!({ "$ref": "#/components/parameters/IfNoneMatch" }));
    }
    operation["parameters"] = json!(parameters);
    if let Some(body) = operation.get_mut("requestBody") {
        let read = body["content"]["application/json"]["schema"].clone();
        let needed = |name: &String| schemas.get(name).is_some_and(|schema| schema.get("required").is_some());
        // If every field may be left out, the body may be left out too.
        body["required"] = json!(read.get("$ref").is_none() || names(&read, schemas).iter().any(needed));
        give_example(&mut body["content"], schemas);
    }
    for response in operation["responses"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        if let Some(content) = response.get_mut("content") {
            give_example(content, schemas);
        }
        for own in response["headers"].as_object_mut().into_iter().flat_map(Map::values_mut) {
            own["required"] = json!(true);
        }
        header(response, "X-Request-Id", "RequestId");
        if is_revalidated {
            header(response, "ETag", "ETag");
        }
        if names(response, schemas).contains("Accepted") {
            header(response, "RateLimit", "RateLimit");
            header(response, "RateLimit-Policy", "RateLimitPolicy");
        }
    }
}

/// Gives a body an example: its schema's, with what the operation declares to be different.
fn give_example(content: &mut Value, schemas: &Schemas) {
    for media in content.as_object_mut().into_iter().flat_map(Map::values_mut) {
        let declared = media["example"].take();
        media["example"] = examples::with(examples::of(&media["schema"], schemas), declared);
    }
}
