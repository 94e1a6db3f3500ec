//! The problems of an operation, with examples: those that it declares and those that follow from its input.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use shared::domain::{Allowance, Tier, Timestamp};
use shared::http::{Error, FieldCode, FieldError, PROBLEMS, Problem, ProblemCode};

use crate::header;

/// The id of a request, in the examples.
pub(crate) const REQUEST: &str = "a09f76b5-a170-4338-a926-3059f28c105d";

/// The response of the gateway itself, for every status that an operation does not list, and also in place of a 429, 500
/// or 503 that it lists.
pub(crate) fn of_the_gateway() -> Value {
    json!({
        "description": "The gateway's own refusal, before the request reached the service: too many requests (429), no \
            answer in time (503), a fault (500). It comes also in place of a 429, 500 or 503 of the operation, and is no \
            problem document.",
        "content": { "application/json": {
            "schema": { "$ref": "#/components/schemas/GatewayRefusal" },
            "example": { "message": "Too Many Requests" },
        } },
    })
}

/// Its body.
pub(crate) fn gateway_schema() -> Value {
    json!({
        "type": "object",
        "description": "What the gateway says if it refuses a request itself.",
        "properties": { "message": { "type": "string", "description": "What happened, for people." } },
        "required": ["message"],
    })
}

/// Adds an operation's refusals to its responses, as references, since operations share them.
pub(crate) fn refuse(
    codes: BTreeMap<String, Vec<ProblemCode>>,
    responses: &mut Value,
    refusals: &mut Map<String, Value>,
) {
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
            if codes == [ProblemCode::AccountLocked] {
                header(&mut refusal, "Retry-After", "RetryAfter");
            }
            if codes.contains(&ProblemCode::AllowanceSpent) {
                header(&mut refusal, "RateLimit", "RateLimit");
                header(&mut refusal, "RateLimit-Policy", "RateLimitPolicy");
            }
            refusal
        });
    }
}

/// The problems that an operation can return, by status: those that it declares, and those that follow from its input.
pub(crate) fn codes(path: &str, operation: &Value) -> BTreeMap<String, Vec<ProblemCode>> {
    let responses = operation["responses"].as_object().into_iter().flat_map(Map::values);
    let declared = responses.filter_map(|response| response[PROBLEMS].as_array()).flatten();
    let mut all: Vec<ProblemCode> = declared.filter_map(|code| serde_json::from_value(code.clone()).ok()).collect();
    let parameters = || operation["parameters"].as_array().into_iter().flatten();
    if operation["security"].get(0).is_some() {
        all.push(ProblemCode::Unauthenticated);
    }
    // Where a reset token is accepted too, no valid token is one for something else.
    let schemes = || operation["security"].as_array().into_iter().flatten();
    let accepts = |name: &str| schemes().any(|scheme| scheme.get(name).is_some());
    if accepts("bearer") && !accepts("reset") {
        all.push(ProblemCode::Forbidden);
    }
    if operation["security"][0].get("bearer").is_some() {
        all.push(ProblemCode::TooManyRequests);
    }
    if path.contains('{') {
        all.push(ProblemCode::NotFound);
    }
    if parameters().any(|parameter| parameter["in"] == "query") {
        all.push(ProblemCode::ValidationFailed);
    }
    if parameters().any(|parameter| parameter["name"] == "cursor") {
        all.push(ProblemCode::CursorInvalid);
    }
    if let Some(body) = operation.get("requestBody") {
        all.extend([ProblemCode::MalformedRequest, ProblemCode::PayloadTooLarge]);
        if body["content"]["application/json"]["schema"].get("$ref").is_some() {
            all.extend([ProblemCode::UnsupportedMediaType, ProblemCode::ValidationFailed]);
        }
    }
    all.extend([ProblemCode::MethodNotAllowed, ProblemCode::Internal, ProblemCode::Unavailable]);
    let mut by_status: BTreeMap<String, Vec<ProblemCode>> = BTreeMap::new();
    for code in all {
        let codes = by_status.entry(code.status().as_u16().to_string()).or_default();
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    by_status
}

/// The response of a refusal with one of `codes`.
fn refusal(codes: &[ProblemCode]) -> Value {
    let names: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
    let causes: Vec<_> = codes.iter().map(|code| format!("`{}`: {}", code.as_str(), code.cause())).collect();
    let examples: Map<_, _> = codes.iter().map(|code| (code.as_str().to_owned(), example_of(*code))).collect();
    json!({
        "description": causes.join("\n\n"),
        "content": { "application/problem+json": {
            "schema": { "$ref": "#/components/schemas/Problem" },
            "examples": examples,
        } },
        // Which of the codes it has, for programs. In the schema it would be a type of its own for each operation.
        PROBLEMS: names,
    })
}

/// The document of a refusal, as the service writes it.
fn example_of(code: ProblemCode) -> Value {
    let detail = code.cause();
    let refused = |pointer| Error::RefusedField(code, detail, pointer).problem();
    let problem = match code {
        ProblemCode::ValidationFailed => {
            let detail = "Must be a string.".to_owned();
            Error::Invalid(vec![FieldError { pointer: "/name".to_owned(), code: FieldCode::WrongType, detail }])
                .problem()
        }
        ProblemCode::CountryNotSupported => refused("/mobile"),
        ProblemCode::ChallengeTokenInvalid => refused("/challenge_token"),
        ProblemCode::SignupExpired => refused("/signup_id"),
        ProblemCode::PasswordCommon => refused("/password"),
        ProblemCode::IdempotencyKeyReused => refused("/content"),
        ProblemCode::NotFound => Error::not_found("chatroom").problem(),
        ProblemCode::AllowanceSpent => match Timestamp::from_unix_millis(1_795_425_300_412) {
            Some(now) => Error::AllowanceSpent(Tier::Basic, Allowance::new(5, 5, now), now).problem(),
            None => Problem::new(code, detail),
        },
        _ => Problem::new(code, detail),
    };
    let mut value = serde_json::to_value(problem).unwrap_or_default();
    value["request_id"] = json!(REQUEST);
    // As the edge writes it for a path of two parts, `/user/me` say.
    value["type"] = json!(format!("../problems#{}", code.as_str()));
    json!({ "summary": code.remedy(), "value": value })
}
