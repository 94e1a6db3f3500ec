//! `docs/postman_collection.json`: the contract as a Postman collection (v2.1), made from the document.
//!
//! - [`operation`]: an operation of the document as a request. - [`script`]: what is asserted and kept of a response.
//! - [`journey`]: the main use as a chain of requests, which `dev/postman` runs; [`steps`] lists them.

mod journey;
mod operation;
mod script;
mod steps;

use serde_json::{Value, json};

use operation::Operation;

/// The format of the collection.
const SCHEMA: &str = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";

const INTRODUCTION: &str = "Every operation by its tag, and a journey through the main ones.\n\nRun the folder *Journey* \
    against `make run`: it signs a new user up, chats, reaches the day's limit, pays, and continues as Pro. Each request \
    stores what the next ones need in the collection's variables, so afterwards the other folders have a room, a message \
    and a checkout; sign in again for a token. `base_url` is the address of the API.\n\nThe journey needs a deployment \
    that returns the code in the response (`OtpDelivery` is `response`). Against Stripe's test mode the request that \
    pays is skipped: open `checkout_url` in a browser and pay there while the journey waits.";

/// The initial values of the collection's variables.
const VARIABLES: [(&str, &str, &str); 14] = [
    ("base_url", "http://127.0.0.1:8000/_aws/execute-api/chat", "The API; the default is the one of `make run`."),
    ("operator_key", "", "The key of operators, for `/debug/queue`: `OPERATOR_KEY` in `.dev/env`."),
    ("mobile", "+14155550123", "The number that signs in; the journey takes a new one each time."),
    ("signup_id", "", "The id of the last sign-up."),
    ("challenge_id", "", "The challenge of the last code that was requested."),
    ("otp", "", "The last code, if the response has it."),
    ("access_token", "", "The access token of the last sign-in; every request sends it."),
    ("refresh_token", "", "The refresh token of the last sign-in."),
    ("session_id", "", "The first session of the last list."),
    ("chatroom_id", "", "The last room that was made."),
    ("message_id", "", "The last message that was sent."),
    ("reply_id", "", "The reply to it."),
    ("checkout_url", "", "The page of the last checkout."),
    ("tries", "0", "How often the journey has repeated a request."),
];

/// Something that the collection needs and the document does not have.
#[derive(Debug, thiserror::Error)]
#[error("docs/postman_collection.json: {0}")]
pub struct Gap(String);

/// The collection of a document.
pub fn collection(document: &Value) -> Result<Value, Gap> {
    let operations = operation::all(document);
    let mut folders = vec![journey::folder(&operations)?];
    for tag in document["tags"].as_array().into_iter().flatten() {
        let own = operations.iter().filter(|operation| operation.value["tags"][0] == tag["name"]);
        let items = own.map(Operation::item).collect::<Result<Vec<_>, _>>()?;
        folders.push(json!({ "name": tag["name"], "description": tag["description"], "item": items }));
    }
    let variables = VARIABLES
        .map(|(key, value, about)| json!({ "key": key, "value": value, "type": "string", "description": about }));
    Ok(json!({
        "info": {
            "name": document["info"]["title"],
            "description": format!("{INTRODUCTION}\n\n{}", document["info"]["description"].as_str().unwrap_or_default()),
            "schema": SCHEMA,
        },
        "auth": { "type": "bearer", "bearer": [{ "key": "token", "value": "{{access_token}}", "type": "string" }] },
        "variable": variables,
        "item": folders,
    }))
}
