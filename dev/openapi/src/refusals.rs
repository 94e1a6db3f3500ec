//! What an operation refuses: the codes that it names and those that follow from what it takes, with their examples.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use shared::domain::{Allowance, Tier, Timestamp};
use shared::http::{Code, Error, FieldError, Problem};

use crate::finish::header;
use crate::story;

/// Puts an operation's refusals into its answers: references, since others have the same.
pub(crate) fn refuse(codes: BTreeMap<String, Vec<Code>>, responses: &mut Value, refusals: &mut Map<String, Value>) {
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

/// The codes that an operation can answer, by status: those it names, as the descriptions of its refusals, and those
/// that follow from what it takes.
pub(crate) fn codes(path: &str, operation: &Value) -> BTreeMap<String, Vec<Code>> {
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

/// A refusal as the service writes it.
fn example_of(code: Code) -> Value {
    let detail = code.cause();
    let refused = |pointer| Error::Unprocessable(code, detail, pointer).problem();
    let problem = match code {
        Code::ValidationFailed => {
            let detail = "Must be a string.".to_owned();
            Error::Invalid(vec![FieldError { pointer: "/name".to_owned(), code: "wrong_type", detail }]).problem()
        }
        Code::CountryNotSupported => refused("/mobile"),
        Code::SignupExpired => refused("/signup_id"),
        Code::PasswordCommon => refused("/password"),
        Code::IdempotencyKeyReused => refused("/content"),
        Code::NotFound => Error::NotFound("chatroom").problem(),
        Code::AllowanceSpent => match Timestamp::from_unix_millis(1_795_425_300_412) {
            Some(now) => Error::AllowanceSpent(Tier::Basic, Allowance::new(5, 5, now), now).problem(),
            None => Problem::new(code, detail),
        },
        _ => Problem::new(code, detail),
    };
    let mut value = serde_json::to_value(problem).unwrap_or_default();
    value["request_id"] = json!(story::REQUEST);
    json!({ "summary": code.remedy(), "value": value })
}
