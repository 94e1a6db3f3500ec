//! What of an answer leads on to another operation (OpenAPI's links), so that programs can follow it.

use serde_json::{Map, Value, json};

/// From the operation, by its answer of the status, to the other operation, with its parameters, or the fields of its body.
type Link = (&'static str, &'static str, &'static str, Given);

enum Given {
    Nothing,
    Parameters(&'static [(&'static str, &'static str)]),
    Body(&'static [(&'static str, &'static str)]),
}
use Given::{Body, Nothing, Parameters};

const ROOM: Given = Parameters(&[("chatroom", "$response.body#/id")]);
const LISTED_ROOM: Given = Parameters(&[("chatroom", "$response.body#/data/0/id")]);
const REPLY: Given = Parameters(&[("chatroom", "$request.path.chatroom"), ("message", "$response.body#/reply/id")]);
const LATER: Given = Parameters(&[("chatroom", "$request.path.chatroom"), ("after", "$response.body#/message/id")]);
const NEXT: Given = Parameters(&[("cursor", "$response.body#/next_cursor")]);
const CODE: Given = Body(&[("challenge_id", "$response.body#/challenge_id"), ("otp", "$response.body#/otp")]);
const TOKEN: Given = Body(&[("refresh_token", "$response.body#/refresh_token")]);

/// Every link. A code is in the answer only where it is delivered that way.
const ALL: [Link; 27] = [
    (
        "sign_up",
        "201",
        "send_otp",
        Body(&[("mobile", "$response.body#/mobile"), ("signup_id", "$response.body#/signup_id")]),
    ),
    ("send_otp", "202", "verify_otp", CODE),
    ("request_password_reset", "202", "verify_otp", CODE),
    ("verify_otp", "200", "refresh_tokens", TOKEN),
    ("log_in", "200", "refresh_tokens", TOKEN),
    ("refresh_tokens", "200", "refresh_tokens", TOKEN),
    ("list_sessions", "200", "end_session", Parameters(&[("session", "$response.body#/data/0/id")])),
    ("create_room", "201", "get_room", ROOM),
    ("create_room", "201", "update_room", ROOM),
    ("create_room", "201", "delete_room", ROOM),
    ("create_room", "201", "list_messages", ROOM),
    ("create_room", "201", "send_message", ROOM),
    ("update_room", "200", "get_room", ROOM),
    ("list_rooms", "200", "list_rooms", NEXT),
    ("list_rooms", "200", "get_room", LISTED_ROOM),
    ("list_rooms", "200", "send_message", LISTED_ROOM),
    (
        "get_room",
        "200",
        "get_room",
        Parameters(&[("chatroom", "$request.path.chatroom"), ("cursor", "$response.body#/messages/next_cursor")]),
    ),
    (
        "list_messages",
        "200",
        "list_messages",
        Parameters(&[("chatroom", "$request.path.chatroom"), ("cursor", "$response.body#/next_cursor")]),
    ),
    ("send_message", "202", "get_message", REPLY),
    ("send_message", "202", "list_messages", LATER),
    ("send_message", "202", "cancel_reply", REPLY),
    ("send_message", "202", "regenerate_reply", REPLY),
    ("regenerate_reply", "202", "get_message", REPLY),
    ("regenerate_reply", "202", "cancel_reply", REPLY),
    ("list_invoices", "200", "list_invoices", NEXT),
    ("cancel_subscription", "200", "reactivate_subscription", Nothing),
    ("reactivate_subscription", "200", "cancel_subscription", Nothing),
];

/// Puts an operation's links into its answers.
pub(crate) fn tell(operation: &mut Value) {
    let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
    for (_, status, target, given) in ALL.iter().filter(|(source, ..)| *source == id) {
        let mut link = json!({ "operationId": target });
        match given {
            Nothing => {}
            Parameters(all) => link["parameters"] = expressions(all),
            Body(all) => link["requestBody"] = expressions(all),
        }
        operation["responses"][status]["links"][target] = link;
    }
}

fn expressions(all: &[(&str, &str)]) -> Value {
    let fields = all.iter().map(|(name, expression)| ((*name).to_owned(), json!(expression)));
    Value::Object(fields.collect::<Map<_, _>>())
}
