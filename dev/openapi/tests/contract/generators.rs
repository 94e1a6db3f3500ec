//! What generators of clients need: names for everything, closed words, numbers that every language has, texts that
//! survive in a literal, and no union where a language has none.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use shared::domain::{Notice, PaymentProblem, ReplyError, ReplyState, Role, SubscriptionState, Tier};
use shared::http::{FieldCode, ProblemCode, Store};

use crate::service::operations;

/// Every part of the document with its place.
fn parts<'a>(part: &'a Value, place: &str, found: &mut Vec<(String, &'a Value)>) {
    found.push((place.to_owned(), part));
    match part {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, part)| parts(part, &format!("{place}/{name}"), found));
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(at, part)| parts(part, &format!("{place}/{at}"), found));
        }
        _ => {}
    }
}

fn places(document: &Value) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    parts(document, "", &mut found);
    found
}

#[test]
fn a_refusal_is_one_schema_for_all_operations_and_lists_its_codes_beside_it() {
    let document = openapi::document();
    let mut tried = 0;
    for (name, response) in document["components"]["responses"].as_object().unwrap() {
        if name == "gateway" {
            continue;
        }
        let media = &response["content"]["application/problem+json"];
        assert_eq!(media["schema"], json!({ "$ref": "#/components/schemas/Problem" }), "{name}");
        assert_eq!(response["x-problems"], json!(name.split("-or-").collect::<Vec<_>>()), "{name}");
        let shown: BTreeSet<_> = media["examples"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(shown, name.split("-or-").collect(), "{name}");
        for (code, example) in media["examples"].as_object().unwrap() {
            assert_eq!(example["value"]["code"], json!(code), "{name}");
        }
        tried += 1;
    }
    assert!(tried > 30, "{tried}");
}

#[test]
fn no_response_has_a_type_without_a_name() {
    let document = openapi::document();
    for (path, method, operation) in operations(&document) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            for (kind, media) in response["content"].as_object().into_iter().flatten() {
                let is_named = media["schema"].get("$ref").is_some() || media["schema"]["type"] == "string";
                assert!(is_named, "{method} {path} {status} {kind}: {}", media["schema"]);
            }
        }
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(name.chars().all(|char| char.is_ascii_alphabetic()), "{name} is no name of a class");
        for (field, part) in schema["properties"].as_object().into_iter().flatten() {
            assert!(part["properties"].is_null() && part["enum"].is_null(), "{name}.{field} has a type without a name");
        }
    }
}

#[test]
fn every_operation_covers_what_the_gateway_answers_itself() {
    let document = openapi::document();
    for (path, method, operation) in operations(&document) {
        let expected = json!({ "$ref": "#/components/responses/gateway" });
        assert_eq!(operation["responses"]["default"], expected, "{method} {path}");
    }
    let gateway = &document["components"]["responses"]["gateway"]["content"]["application/json"]["schema"]["$ref"];
    let schema = document.pointer(gateway.as_str().unwrap().trim_start_matches('#')).unwrap();
    let refused = jsonschema::validator_for(schema).unwrap();
    assert!(refused.is_valid(&json!({ "message": "Too Many Requests" })) && !refused.is_valid(&json!({})));
}

#[test]
fn no_link_has_a_body_that_is_more_than_a_text() {
    let document = openapi::document();
    let links = operations(&document).into_iter().flat_map(|(.., operation)| {
        let responses = operation["responses"].as_object().unwrap().clone();
        responses.into_iter().flat_map(|(_, response)| response["links"].as_object().cloned().unwrap_or_default())
    });
    let bodies: Vec<_> = links.map(|(_, link)| link["requestBody"].clone()).collect();
    assert!(bodies.len() > 25 && bodies.iter().all(|body| body.is_null() || body.is_string()), "{bodies:?}");
}

#[test]
fn a_right_code_has_one_response_whose_scope_is_always_there() {
    let document = openapi::document();
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["Verified"]["required"], json!(["access_token", "expires_in", "scope", "token_type"]));
    let fields: BTreeSet<_> = schemas["Verified"]["properties"].as_object().unwrap().keys().collect();
    let signed_in = schemas["TokenSet"]["properties"].as_object().unwrap().keys().collect::<BTreeSet<_>>();
    assert!(signed_in.is_subset(&fields) && schemas["Verified"]["properties"]["user"].is_object());
    for (name, schema) in [("TokenSet", &schemas["TokenSet"]), ("Verified", &schemas["Verified"])] {
        assert_eq!(schema["properties"]["scope"]["$ref"], "#/components/schemas/TokenScope", "{name}");
    }
    assert_eq!(schemas["TokenScope"]["enum"], json!(["session", "password_reset"]));
}

#[test]
fn closed_words_are_enums() {
    let document = openapi::document();
    let schemas = &document["components"]["schemas"];
    macro_rules! words_of {
        ($type:ty) => {
            <$type>::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>()
        };
    }
    for (schema, field, words) in [
        ("Failure", "code", words_of!(ReplyError)),
        ("FieldError", "code", words_of!(FieldCode)),
        ("Problem", "code", words_of!(ProblemCode)),
        ("PaymentProblem", "code", words_of!(PaymentProblem)),
        ("SubscriptionNotice", "code", words_of!(Notice)),
        ("Subscription", "status", words_of!(SubscriptionState)),
        ("Subscription", "tier", words_of!(Tier)),
        ("Account", "tier", words_of!(Tier)),
        ("Message", "state", words_of!(ReplyState)),
        ("Message", "role", words_of!(Role)),
        ("Problem", "missing", words_of!(Store)),
        ("ReplySnapshot", "state", words_of!(ReplyState)),
        ("StreamClosing", "reason", vec!["time", "replaced", "gone"]),
        ("QueueState", "name", vec!["pro", "basic", "otp"]),
        ("Health", "status", vec!["ok", "degraded"]),
        ("TokenSet", "token_type", vec!["Bearer"]),
        ("Verified", "token_type", vec!["Bearer"]),
    ] {
        let field_schema = &schemas[schema]["properties"][field];
        let name = field_schema.get("items").unwrap_or(field_schema)["$ref"].as_str().unwrap_or_default();
        let told = document.pointer(name.trim_start_matches('#')).map(|schema| schema["enum"].clone());
        assert_eq!(told, Some(json!(words)), "{schema}.{field}");
    }
}

#[test]
fn only_amounts_of_money_need_more_than_32_bits() {
    let document = openapi::document();
    let long: Vec<_> = places(&document).into_iter().filter(|(_, part)| part["format"] == "int64").collect();
    let long: Vec<_> = long.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(long, ["/components/schemas/Invoice/properties/amount"]);
}

/// The characters that a pattern's escapes stand for, as a generator meets that decodes them.
fn decoded(pattern: &str) -> Vec<char> {
    let (mut read, mut rest) = (Vec::new(), pattern);
    while let Some(char) = rest.chars().next() {
        let digits = if rest.starts_with("\\u") { 4 } else { 2 };
        let escape = rest.strip_prefix("\\u").or_else(|| rest.strip_prefix("\\x")).and_then(|code| code.get(..digits));
        let named = BTreeMap::from([("\\n", '\n'), ("\\r", '\r')]).into_iter().find(|(name, _)| rest.starts_with(name));
        let code = escape.and_then(|code| char::from_u32(u32::from_str_radix(code, 16).ok()?));
        let length = match (code, named) {
            (Some(code), _) => {
                read.push(code);
                digits + 2
            }
            (None, Some((name, code))) => {
                read.push(code);
                name.len()
            }
            (None, None) => {
                read.push(char);
                char.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    read
}

#[test]
fn patterns_survive_in_a_literal_of_javascript() {
    const TERMINATORS: [char; 4] = ['\n', '\r', '\u{2028}', '\u{2029}'];
    assert_eq!(decoded(r"[\t-\r\u2028\x0aé]").into_iter().filter(|char| TERMINATORS.contains(char)).count(), 3);
    let document = openapi::document();
    let mut tried = 0;
    for (place, part) in places(&document) {
        let Some(pattern) = part["pattern"].as_str() else { continue };
        assert!(!decoded(pattern).iter().any(|char| TERMINATORS.contains(char)), "{place}: {pattern}");
        tried += 1;
    }
    assert!(tried >= 8, "{tried}");
}

#[test]
fn operations_have_the_order_of_the_journey() {
    let document = openapi::document();
    let mut all: Vec<_> = operations(&document).into_iter().map(|(.., operation)| operation).collect();
    all.sort_by_key(|operation| operation["x-order"].as_u64());
    let places: BTreeSet<_> = all.iter().map(|operation| operation["x-order"].as_u64().unwrap()).collect();
    let names: Vec<_> = all.iter().map(|operation| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(places.len(), all.len(), "an operation is missing in dev/openapi/src/order.rs: {names:?}");
    let mut tags: Vec<_> = all.iter().map(|operation| operation["tags"][0].as_str().unwrap()).collect();
    tags.dedup();
    let declared: Vec<_> =
        document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    assert_eq!(tags, declared, "the operations of a tag are together, in the order of the tags");
    assert_eq!(names[..3], ["sign_up", "send_otp", "verify_otp"]);
}

#[test]
fn an_operation_has_one_result_and_only_the_streaming_doors_own_has_another_host() {
    for (path, method, operation) in operations(&openapi::document()) {
        let of = format!("{method} {path}");
        let statuses: Vec<_> = operation["responses"].as_object().unwrap().keys().collect();
        let results = statuses.iter().filter(|status| status.starts_with('2')).count();
        assert_eq!(results, 1, "a generated method returns the first: {of} has {statuses:?}");
        let hosts = operation.get("servers");
        assert_eq!(hosts.is_some(), operation["operationId"] == "follow_reply", "{of}: {hosts:?}");
        let is_plain = |hosts: &Value| !hosts[0]["url"].as_str().unwrap().contains('{');
        assert!(hosts.is_none_or(is_plain), "no generator fills variables in");
    }
}
