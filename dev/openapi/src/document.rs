//! The functions' contracts in one document.

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

use crate::finish;

/// What tells the operations of a function.
pub type Contract = fn() -> OpenApi;

/// The functions that answer requests, with their contracts.
pub const FUNCTIONS: [(&str, Contract); 6] = [
    ("auth", auth::openapi),
    ("user", user::openapi),
    ("chatroom", chatroom::openapi),
    ("subscription", subscription::openapi),
    ("stripe-webhook", stripe_webhook::openapi),
    ("ops", ops::openapi),
];

const INTRODUCTION: &str = "A chat backend: sign in with a mobile number, open chatrooms, and have messages answered by \
    Gemini.\n\nEvery refusal is `application/problem+json`; `/problems` lists the codes. Unknown fields are refused. \
    Times are RFC 3339 in UTC. Cursors are opaque: follow `next_cursor` until it is `null`.\n\n\
    Operations with limits of their own list them, and again for programs in `x-rate-limits`; beyond one the answer is \
    429 with `Retry-After`. Besides, the gateway takes 200 requests a second for each function, 400 at once, unless the \
    deployment sets others; its own 429 is `{\"message\":\"Too Many Requests\"}` and no problem document.";

/// The whole contract.
pub fn document() -> Value {
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    for (_, contract) in FUNCTIONS {
        let mut contract = serde_json::to_value(contract()).unwrap_or_default();
        merge(&mut paths, contract["paths"].take());
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
        "servers": [{ "url": "/", "description": "Where this document comes from." }],
        "tags": [
            { "name": "Authentication", "description": "Sign-up, sign-in by code or password, sessions." },
            { "name": "Account", "description": "The caller's own account." },
            { "name": "Chatrooms", "description": "Rooms." },
            { "name": "Messages", "description": "Messages and their replies." },
            { "name": "Subscription", "description": "The paid plan." },
            { "name": "Webhooks", "description": "What others call." },
            { "name": "Operations", "description": "What operators ask, and these documents." },
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
                    "description": "`access_token` of a sign-in.",
                },
                "operator": {
                    "type": "apiKey", "in": "header", "name": "X-Operator-Key",
                    "description": "The key that operators share.",
                },
            },
        },
    })
}

/// Adds what `from` holds. Two functions may use one schema; no two have one operation.
fn merge(into: &mut Map<String, Value>, from: Value) {
    if let Value::Object(from) = from {
        into.extend(from);
    }
}
