//! The functions' contracts in one document.

use axum::Router;
use serde_json::{Map, Value, json};
use shared::config::{ConfigError, Env};
use shared::domain::Clock;
use utoipa::openapi::OpenApi;

use crate::finish;

/// A function's part of the contract.
pub type Contract = fn() -> OpenApi;

/// A function's router.
pub type Build = fn(&Env, Clock) -> Result<Router, ConfigError>;

/// The functions that serve requests: their names, their parts of the contract, and their routers.
pub const FUNCTIONS: [(&str, Contract, Build); 7] = [
    ("auth", auth::openapi, auth::router),
    ("user", user::openapi, user::router),
    ("chatroom", chatroom::openapi, chatroom::router),
    ("subscription", subscription::openapi, subscription::router),
    ("stripe-webhook", stripe_webhook::openapi, stripe_webhook::router),
    ("ops", ops::openapi, ops::router),
    (STREAMING, reply_stream::openapi, reply_stream::router),
];

/// The function behind the streaming door.
const STREAMING: &str = "reply-stream";

const INTRODUCTION: &str = "A chat backend: sign in with a mobile number, open chatrooms, and have messages answered by \
    Gemini.\n\nEvery refusal is `application/problem+json`; `/problems` lists the codes. Unknown fields are refused. \
    Times are RFC 3339 in UTC. Cursors are opaque: follow `next_cursor` until it is `null`.\n\n\
    Operations with their own limits list them, and again for programs in `x-rate-limits`. Beyond a limit the response \
    is 429 with `Retry-After`. In addition, the gateway accepts 200 requests a second for each function, 400 at once, \
    unless the deployment sets others; its own 429 is `{\"message\":\"Too Many Requests\"}` and no problem document.";

/// The whole contract.
pub fn document() -> Value {
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    for (name, contract, _) in FUNCTIONS {
        let mut contract = serde_json::to_value(contract()).unwrap_or_default();
        if name == STREAMING {
            add_door(&mut paths, contract["paths"].take());
        } else {
            merge(&mut paths, contract["paths"].take());
        }
        merge(&mut schemas, contract["components"]["schemas"].take());
    }
    let refusals = finish::finish(&mut paths, &mut schemas);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Chat backend",
            "version": env!("CARGO_PKG_VERSION"),
            "description": INTRODUCTION,
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "servers": [api()],
        "tags": [
            { "name": "Authentication", "description": "Sign-up, sign-in by code or password, sessions." },
            { "name": "Account", "description": "The caller's own account." },
            { "name": "Chatrooms", "description": "Rooms." },
            { "name": "Messages", "description": "Messages and their replies." },
            { "name": "Subscription", "description": "The paid plan." },
            { "name": "Webhooks", "description": "Endpoints that other services call." },
            { "name": "Operations", "description": "For operators: health, queues, and the list of problems." },
        ],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": refusals,
            "parameters": finish::parameters(),
            "headers": finish::headers(),
            "securitySchemes": {
                "bearer": {
                    "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                    "description": "The `access_token` of a sign-in.",
                },
                "reset": {
                    "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                    "description": "The `access_token` of the scope `password_reset`: it sets a password once, and nothing else.",
                },
                "ticket": {
                    "type": "apiKey", "in": "query", "name": "ticket",
                    "description": "The ticket of an `events_url`: it opens the events of one reply for ten minutes.",
                },
                "operator": {
                    "type": "apiKey", "in": "header", "name": "X-Operator-Key",
                    "description": "The key that operators share.",
                },
            },
        },
    })
}

fn api() -> Value {
    json!({ "url": "/", "description": "The server of this document." })
}

fn streaming_door() -> Value {
    json!({
        "url": "https://stream.example.org",
        "description": "The streaming door: what comes before `/chatroom` in an `events_url`.",
    })
}

/// The member of an operation that tells how its response is streamed at the streaming door.
const STREAMED: &str = "x-event-stream";

/// Adds the operations of the streaming door. One that the API has too stays as it is, with the door's response beside it:
/// a generated method has one host and one type of response.
fn add_door(into: &mut Map<String, Value>, from: Value) {
    let Value::Object(from) = from else { return };
    let operations = from.into_iter().flat_map(|(path, item)| {
        let Value::Object(item) = item else { return Vec::new() };
        item.into_iter().map(|(method, operation)| (path.clone(), method, operation)).collect()
    });
    for (path, method, mut operation) in operations {
        let item = into.entry(path).or_insert_with(|| json!({}));
        if let Some(both) = item.get_mut(&method) {
            let events =
                ["Accepted", "ReplyEvent"].map(|name| json!({ "$ref": format!("#/components/schemas/{name}") }));
            let description = operation["responses"]["200"]["description"].take();
            both[STREAMED] = json!({
                "server": streaming_door(),
                "description": description,
                "content": { "text/event-stream": { "schema": { "oneOf": events } } },
            });
        } else {
            operation["servers"] = json!([streaming_door()]);
            item[&method] = operation;
        }
    }
}

/// Adds the contents of `from`. Two functions may share a schema, but never an operation.
fn merge(into: &mut Map<String, Value>, from: Value) {
    if let Value::Object(from) = from {
        into.extend(from);
    }
}
