//! OpenAPI's links: which field of a response is a parameter of which other operation, so that programs can follow them.

use serde_json::{Map, Value, json};

/// A link: the operation, the status of its response, the other operation, and the parameters or body fields of that one.
type Link = (&'static str, &'static str, &'static str, Given);

enum Given {
    Nothing,
    Parameters(&'static [(&'static str, &'static str)]),
    Body(&'static [(&'static str, &'static str)]),
}
use Given::{Body, Nothing, Parameters};

const LISTED_ROOM: Given = Parameters(&[("chatroom", "$response.body#/data/0/id")]);
const REPLY: Given = Parameters(&[("chatroom", "$request.path.chatroom"), ("message", "$response.body#/reply/id")]);
const LATER: Given = Parameters(&[("chatroom", "$request.path.chatroom"), ("after", "$response.body#/message/id")]);
const NEXT: Given = Parameters(&[("cursor", "$response.body#/next_cursor")]);
const CODE: Given = Body(&[("challenge_id", "$response.body#/challenge_id"), ("otp", "$response.body#/otp")]);
const TOKEN: Given = Body(&[("refresh_token", "$response.body#/refresh_token")]);

/// The links that do not lead to an id in a path. A response has a code only if the deployment delivers codes that way.
const ALL: [Link; 20] = [
    (
        "sign_up",
        "201",
        "send_otp",
        Body(&[("mobile", "$response.body#/mobile"), ("signup_id", "$response.body#/signup_id")]),
    ),
    ("send_otp", "202", "verify_otp", CODE),
    ("request_password_reset", "202", "verify_otp", CODE),
    ("request_mobile_change", "202", "change_mobile", CODE),
    ("verify_otp", "200", "refresh_tokens", TOKEN),
    ("log_in", "200", "refresh_tokens", TOKEN),
    ("refresh_tokens", "200", "refresh_tokens", TOKEN),
    ("update_room", "200", "get_room", Parameters(&[("chatroom", "$response.body#/id")])),
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
    ("send_message", "202", "list_messages", LATER),
    ("regenerate_reply", "202", "get_message", REPLY),
    ("regenerate_reply", "202", "cancel_reply", REPLY),
    ("list_invoices", "200", "list_invoices", NEXT),
    ("cancel_subscription", "200", "reactivate_subscription", Nothing),
    ("reactivate_subscription", "200", "cancel_subscription", Nothing),
    ("resume_subscription", "200", "cancel_subscription", Nothing),
];

/// Where the ids in a path come from: the names of the path's parameters, then the operation that returns the ids, its
/// status, and where they are.
const IDS: [(&[&str], &str, &str, Given); 3] = [
    (&["chatroom"], "create_room", "201", Parameters(&[("chatroom", "$response.body#/id")])),
    (&["chatroom", "message"], "send_message", "202", REPLY),
    (&["session"], "list_sessions", "200", Parameters(&[("session", "$response.body#/data/0/id")])),
];

/// Every operation's id, with the names of the parameters of its path.
pub(crate) type Targets = Vec<(String, Vec<String>)>;

/// The operations that links may lead to.
pub(crate) fn targets(paths: &Map<String, Value>) -> Targets {
    let names = |path: &str| {
        path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).map(str::to_owned).collect()
    };
    let operations = paths
        .iter()
        .flat_map(|(path, item)| item.as_object().into_iter().flatten().map(move |(_, operation)| (path, operation)));
    operations
        .map(|(path, operation)| (operation["operationId"].as_str().unwrap_or_default().to_owned(), names(path)))
        .collect()
}

/// Puts an operation's links into its responses: those of the table, and those to every path whose ids it returns.
pub(crate) fn tell(operation: &mut Value, targets: &Targets) {
    let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
    for (_, status, target, given) in ALL.iter().filter(|(source, ..)| *source == id) {
        operation["responses"][status]["links"][target] = link(target, given);
    }
    for (names, _, status, given) in IDS.iter().filter(|(_, source, ..)| *source == id) {
        for (target, _) in targets.iter().filter(|(_, path)| path == names) {
            operation["responses"][status]["links"][target] = link(target, given);
        }
    }
}

fn link(target: &str, given: &Given) -> Value {
    let mut link = json!({ "operationId": target });
    match given {
        Nothing => {}
        Parameters(all) => link["parameters"] = expressions(all),
        // The most used generator takes only a text as `requestBody`, which cannot be a body of several fields.
        Body(all) => link["x-request-body"] = expressions(all),
    }
    link
}

fn expressions(all: &[(&str, &str)]) -> Value {
    let fields = all.iter().map(|(name, expression)| ((*name).to_owned(), json!(expression)));
    Value::Object(fields.collect::<Map<_, _>>())
}
