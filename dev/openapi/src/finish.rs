//! What holds for every operation and follows from its shape: problems, headers, examples.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use shared::http::{Code, Problem};
use utoipa::{PartialSchema, ToSchema};

use crate::example;

type Schemas = Map<String, Value>;

/// The one field that an answer may leave out.
const LEFT_OUT: &str = "otp";

/// Completes what the functions tell. Answers the refusals that they share.
pub(crate) fn finish(paths: &mut Map<String, Value>, schemas: &mut Schemas) -> Map<String, Value> {
    problem_schema(schemas);
    let operations = || paths.values().flat_map(|path| path.as_object().into_iter().flatten());
    let read: BTreeSet<String> =
        operations().flat_map(|(_, operation)| names(&operation["requestBody"], schemas)).collect();
    for (_, schema) in schemas.iter_mut().filter(|(name, _)| *name != "Problem" && !read.contains(*name)) {
        require_all(schema);
    }
    let mut refusals = Map::new();
    for (path, item) in paths.iter_mut() {
        for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
            complete(operation, schemas);
            refuse(codes(path, operation), &mut operation["responses"], &mut refusals);
        }
    }
    refusals
}

/// The headers that answers have in common.
pub(crate) fn headers() -> Value {
    let text = |description: &str, example: &str| json!({ "description": description, "schema": { "type": "string" }, "example": example });
    json!({
        "RequestId": text("The request's name in the log.", "0b1f6e0a-8f0e-4d4b-9a57-3f6f1f0f2a11"),
        "RetryAfter": {
            "description": "Seconds to wait.", "schema": { "type": "integer", "minimum": 0 }, "example": 30,
        },
        "RateLimit": text("What is left of the day, and the seconds until it is whole again.", "\"daily\";r=3;t=43200"),
        "RateLimitPolicy": text("Messages a day.", "\"daily\";q=5;w=86400"),
        "ETag": text("What the answer is known by: send it as `If-None-Match`.", "W/\"3q2-7wABAgMEBQYH\""),
        "WwwAuthenticate": text("How to authenticate.", "Bearer"),
    })
}

/// The parameters that operations have in common.
pub(crate) fn parameters() -> Value {
    json!({ "IfNoneMatch": {
        "name": "If-None-Match", "in": "header", "schema": { "type": "string" }, "example": "W/\"3q2-7wABAgMEBQYH\"",
        "description": "The `ETag` of an answer that is kept: 304 if it still holds.",
    } })
}

/// The document of a problem: what the code has, the closed list of codes, and the request's id.
fn problem_schema(schemas: &mut Schemas) {
    let mut needed = Vec::new();
    Problem::schemas(&mut needed);
    needed.push(("Problem".to_owned(), Problem::schema()));
    for (name, schema) in needed {
        schemas.insert(name, serde_json::to_value(schema).unwrap_or_default());
    }
    let problem = &mut schemas["Problem"];
    problem["properties"]["request_id"] = json!({ "type": "string", "description": "The request's name in the log." });
    problem["properties"]["status"]["minimum"] = json!(400);
    problem["required"] = json!(["type", "title", "status", "code", "detail", "request_id"]);
}

/// The schemas that a part of the document leads to.
fn names(part: &Value, schemas: &Schemas) -> BTreeSet<String> {
    let (mut found, mut open) = (BTreeSet::new(), vec![part]);
    while let Some(part) = open.pop() {
        match part {
            Value::Array(parts) => open.extend(parts),
            Value::Object(fields) => open.extend(fields.values()),
            Value::String(text) => {
                let name = text.strip_prefix("#/components/schemas/");
                if let Some(name) = name.filter(|name| found.insert((*name).to_owned())) {
                    open.extend(schemas.get(name));
                }
            }
            _ => {}
        }
    }
    found
}

/// Answers carry all of their fields: `null` where there is nothing.
fn require_all(schema: &mut Value) {
    if let Some(fields) = schema["properties"].as_object() {
        let names: Vec<_> = fields.keys().filter(|name| *name != LEFT_OUT).cloned().collect();
        schema["required"] = json!(names);
    }
    for part in schema.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten() {
        require_all(part);
    }
}

fn complete(operation: &mut Value, schemas: &Schemas) {
    if operation["security"].is_null() {
        operation["security"] = json!([]);
    }
    let is_revalidated = operation["responses"].get("304").is_some();
    let mut parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    for parameter in parameters.iter_mut().filter(|parameter| parameter["in"] == "header") {
        parameter["schema"]["type"] = json!("string");
    }
    if is_revalidated {
        parameters.push(json!({ "$ref": "#/components/parameters/IfNoneMatch" }));
    }
    operation["parameters"] = json!(parameters);
    if let Some(body) = operation.get_mut("requestBody") {
        let read = body["content"]["application/json"]["schema"].clone();
        let needed = |name: &String| schemas.get(name).is_some_and(|schema| schema.get("required").is_some());
        // Where every field may be left out, so may the body.
        body["required"] = json!(read.get("$ref").is_none() || names(&read, schemas).iter().any(needed));
        for media in body["content"].as_object_mut().into_iter().flat_map(Map::values_mut) {
            give_example(media, schemas);
        }
    }
    for response in operation["responses"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        for media in response.get_mut("content").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
            give_example(media, schemas);
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

/// Puts an operation's refusals into its answers: references, since others have the same.
fn refuse(codes: BTreeMap<String, Vec<Code>>, responses: &mut Value, refusals: &mut Map<String, Value>) {
    for (status, codes) in codes {
        let names: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
        let name = names.join("-or-");
        responses[&status] = json!({ "$ref": format!("#/components/responses/{name}") });
        refusals.entry(name).or_insert_with(|| {
            let mut refusal = refusal(&codes);
            header(&mut refusal, "X-Request-Id", "RequestId");
            match status.as_str() {
                "401" => header(&mut refusal, "WWW-Authenticate", "WwwAuthenticate"),
                "429" | "503" => header(&mut refusal, "Retry-After", "RetryAfter"),
                _ => {}
            }
            if codes.contains(&Code::AllowanceSpent) {
                header(&mut refusal, "RateLimit", "RateLimit");
                header(&mut refusal, "RateLimit-Policy", "RateLimitPolicy");
            }
            refusal
        });
    }
}

fn header(response: &mut Value, name: &str, component: &str) {
    response["headers"][name] = json!({ "$ref": format!("#/components/headers/{component}") });
}

fn give_example(media: &mut Value, schemas: &Schemas) {
    if media.get("example").is_none() {
        media["example"] = example::of(&media["schema"], schemas);
    }
}

/// The codes that an operation can answer, by status: those it names, as the descriptions of its refusals, and those
/// that follow from what it takes.
fn codes(path: &str, operation: &Value) -> BTreeMap<String, Vec<Code>> {
    let mut all: Vec<Code> = Vec::new();
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        if status.starts_with('4') {
            let named = response["description"].as_str().unwrap_or_default().split(", ");
            all.extend(named.filter_map(|name| Code::ALL.iter().find(|code| code.as_str() == name)));
        }
    }
    let parameters = || operation["parameters"].as_array().into_iter().flatten();
    if operation["security"].get(0).is_some() {
        all.push(Code::Unauthenticated);
    }
    if operation["security"][0].get("bearer").is_some() && path != "/auth/change-password" {
        all.push(Code::Forbidden);
    }
    if path.contains('{') {
        all.push(Code::NotFound);
    }
    if parameters().any(|parameter| parameter["in"] == "query") {
        all.push(Code::ValidationFailed);
    }
    if parameters().any(|parameter| parameter["name"] == "cursor") {
        all.push(Code::CursorInvalid);
    }
    if let Some(body) = operation.get("requestBody") {
        all.extend([Code::MalformedRequest, Code::PayloadTooLarge]);
        if body["content"]["application/json"]["schema"].get("$ref").is_some() {
            all.extend([Code::UnsupportedMediaType, Code::ValidationFailed]);
        }
    }
    all.extend([Code::MethodNotAllowed, Code::Internal, Code::Unavailable]);
    let mut by_status: BTreeMap<String, Vec<Code>> = BTreeMap::new();
    for code in all {
        let codes = by_status.entry(code.status().as_u16().to_string()).or_default();
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    by_status
}

/// A refusal with one of `codes`.
fn refusal(codes: &[Code]) -> Value {
    let names: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
    let causes: Vec<_> = codes.iter().map(|code| format!("`{}`: {}", code.as_str(), code.cause())).collect();
    let examples: Map<_, _> = codes.iter().map(|code| (code.as_str().to_owned(), example_of(*code))).collect();
    json!({
        "description": causes.join("\n\n"),
        "content": { "application/problem+json": {
            "schema": { "allOf": [
                { "$ref": "#/components/schemas/Problem" },
                { "type": "object", "properties": { "code": { "type": "string", "enum": names } } },
            ] },
            "examples": examples,
        } },
    })
}

fn example_of(code: Code) -> Value {
    let mut value = serde_json::to_value(Problem::new(code, code.cause())).unwrap_or_default();
    value["request_id"] = json!("0b1f6e0a-8f0e-4d4b-9a57-3f6f1f0f2a11");
    if code == Code::ValidationFailed {
        value["errors"] = json!([{ "pointer": "/name", "code": "wrong_type", "detail": "Must be a string." }]);
    }
    json!({ "summary": code.remedy(), "value": value })
}
