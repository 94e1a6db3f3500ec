//! Every example of the document fits its schema and is a real example, not a placeholder.

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::service::operations;

/// The placeholders that generators write if there is no example.
const FILLERS: [&str; 6] = ["text", "string", "foo", "bar", "example", "test"];

/// The validator of a schema of the document.
fn validator(schema: &Value, document: &Value) -> Validator {
    let whole = json!({ "allOf": [schema], "components": document["components"] });
    jsonschema::draft202012::options().should_validate_formats(true).build(&whole).expect("a schema")
}

/// Every example with its schema and its place: in bodies, parameters, headers, and the schemas themselves.
fn examples<'a>(part: &'a Value, place: &str, found: &mut Vec<(String, &'a Value, &'a Value)>) {
    let fields = match part {
        Value::Object(fields) => fields,
        Value::Array(parts) => {
            parts.iter().enumerate().for_each(|(index, part)| examples(part, &format!("{place}/{index}"), found));
            return;
        }
        _ => return,
    };
    let schema = fields.get("schema").unwrap_or(part);
    let named = fields.get("examples").and_then(Value::as_object).into_iter().flat_map(Map::values);
    let told = fields.get("example").into_iter().chain(named.filter_map(|example| example.get("value")));
    found.extend(told.map(|example| (place.to_owned(), schema, example)));
    for (name, part) in fields.iter().filter(|(name, _)| !["example", "examples"].contains(&name.as_str())) {
        examples(part, &format!("{place}/{name}"), found);
    }
}

#[test]
fn every_example_fits_its_schema() {
    let document = openapi::document();
    let mut found = Vec::new();
    examples(&document["paths"], "paths", &mut found);
    examples(&document["components"], "components", &mut found);
    assert!(found.len() > 150, "{}", found.len());
    for (place, schema, example) in found {
        let errors: Vec<_> = validator(schema, &document).iter_errors(example).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{place}: {example}: {errors:?}");
    }
}

#[test]
fn the_validator_refuses_what_a_schema_does_not_allow() {
    let document = openapi::document();
    let room = json!({ "$ref": "#/components/schemas/Chatroom" });
    let at = "2026-11-23T09:14:10.305Z";
    let good = json!({
        "id": "01a207af-2c01-7892-b48f-0824128b2f33", "title": "Tea", "system_prompt": null, "created_at": at, "updated_at": at,
    });
    assert!(validator(&room, &document).is_valid(&good));
    for (field, bad) in [("id", "no uuid"), ("updated_at", "yesterday")] {
        let mut wrong = good.clone();
        wrong[field] = json!(bad);
        assert!(!validator(&room, &document).is_valid(&wrong), "{field}");
    }
}

#[test]
fn no_example_is_a_placeholder() {
    let document = openapi::document();
    let mut found = Vec::new();
    examples(&document["paths"], "paths", &mut found);
    examples(&document["components"], "components", &mut found);
    for (place, _, example) in found {
        let mut open = vec![example];
        while let Some(part) = open.pop() {
            match part {
                Value::Array(parts) => open.extend(parts),
                Value::Object(fields) => open.extend(fields.values()),
                Value::String(text) => assert!(!FILLERS.contains(&text.as_str()), "{place}: {example}"),
                _ => {}
            }
        }
    }
}

/// The examples of all operations use the same ids, so they tell one story that can be followed.
fn operation(id: &str) -> Value {
    let document = openapi::document();
    let found = operations(&document).into_iter().find(|(.., operation)| operation["operationId"] == id);
    found.unwrap().2.clone()
}

fn request(id: &str) -> Value {
    operation(id)["requestBody"]["content"]["application/json"]["example"].clone()
}

fn answer(id: &str, status: &str) -> Value {
    operation(id)["responses"][status]["content"]["application/json"]["example"].clone()
}

#[test]
fn the_examples_tell_one_story() {
    let path = |id: &str, name: &str| {
        let parameters = operation(id)["parameters"].as_array().unwrap().clone();
        parameters.into_iter().find(|parameter| parameter["name"] == name).unwrap()["example"].clone()
    };
    assert_eq!(answer("sign_up", "201")["signup_id"], request("send_otp")["signup_id"]);
    assert_eq!(answer("send_otp", "202")["challenge_id"], request("verify_otp")["challenge_id"]);
    assert_eq!(answer("verify_otp", "200")["refresh_token"], request("refresh_tokens")["refresh_token"]);
    assert_eq!(answer("verify_otp", "200")["user"]["id"], answer("get_me", "200")["id"]);
    assert_eq!(request("sign_up")["mobile"], answer("get_me", "200")["mobile"]);
    assert_eq!(request("create_room")["title"], answer("get_room", "200")["title"]);
    let sent = answer("send_message", "202");
    assert_eq!(sent["message"]["content"], request("send_message")["content"]);
    assert_eq!(sent["reply"]["in_reply_to"], sent["message"]["id"]);
    assert_eq!(answer("get_message", "200")["id"], sent["reply"]["id"]);
    assert_eq!(answer("create_room", "201")["id"], path("send_message", "chatroom"));
    assert_eq!(sent["reply"]["id"], path("get_message", "message"));
    assert_eq!(answer("list_sessions", "200")["data"][0]["id"], path("end_session", "session"));
}

#[test]
fn an_example_shows_what_its_operation_does() {
    assert_eq!(answer("cancel_reply", "200")["state"], "cancelled");
    assert_ne!(answer("regenerate_reply", "202")["reply"]["id"], answer("send_message", "202")["reply"]["id"]);
    let cancelled = answer("cancel_subscription", "200");
    assert_eq!(cancelled["cancel_at"], cancelled["current_period_end"]);
    assert_eq!(answer("reactivate_subscription", "200")["cancel_at"], Value::Null);
    let passwords = request("change_password");
    assert_ne!(passwords["current_password"], passwords["new_password"]);
    assert_eq!(answer("update_me", "200")["name"], request("update_me")["name"]);
    assert_ne!(answer("update_me", "200")["name"], answer("get_me", "200")["name"]);
}

#[test]
fn what_ends_in_an_example_ends_after_the_story() {
    const STORY: &str = "2026-11-23T12:00:00.000Z";
    fn ends<'a>(value: &'a Value, found: &mut Vec<(&'a str, &'a str)>) {
        for (name, part) in value.as_object().into_iter().flatten() {
            let at = part.as_str().filter(|_| ["expires_at", "resets_at"].contains(&name.as_str()));
            found.extend(at.map(|at| (name.as_str(), at)));
            ends(part, found);
        }
        value.as_array().into_iter().flatten().for_each(|part| ends(part, found));
    }
    let document = openapi::document();
    let mut found = Vec::new();
    ends(&document["paths"], &mut found);
    assert!(found.len() > 5, "{found:?}");
    for (name, at) in found {
        assert!(at > STORY, "{name} is {at}");
        assert!(name != "resets_at" || at.ends_with("T00:00:00.000Z"), "{name} is {at}");
    }
}
