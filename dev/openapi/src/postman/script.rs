//! The scripts that run after a request: they assert the response and keep values of it.

use serde_json::{Value, json};

/// The values that are kept of a success, by operation: the variable and its place in the body.
const KEPT: [(&str, &[(&str, &str)]); 12] = [
    ("sign_up", &[("signup_id", "signup_id")]),
    ("send_otp", &[("challenge_id", "challenge_id"), ("otp", "otp")]),
    ("request_password_reset", &[("challenge_id", "challenge_id"), ("otp", "otp")]),
    ("request_mobile_change", &[("challenge_id", "challenge_id"), ("otp", "otp")]),
    ("verify_otp", &[("access_token", "access_token"), ("refresh_token", "refresh_token")]),
    ("log_in", &[("access_token", "access_token"), ("refresh_token", "refresh_token")]),
    ("refresh_tokens", &[("access_token", "access_token"), ("refresh_token", "refresh_token")]),
    ("list_sessions", &[("session_id", "data?.[0]?.id")]),
    ("create_room", &[("chatroom_id", "id")]),
    ("send_message", &[("message_id", "message.id"), ("reply_id", "reply.id")]),
    ("regenerate_reply", &[("reply_id", "reply.id")]),
    ("subscribe_to_pro", &[("checkout_url", "checkout_url")]),
];

/// A Postman script that runs on `listen`: `prerequest` or `test`.
pub(super) fn event(listen: &str, lines: &[String]) -> Value {
    json!({ "listen": listen, "script": { "type": "text/javascript", "exec": lines } })
}

/// Asserts that the document has the status for this operation.
pub(super) fn of_any_answer(operation: &str, told: &[String]) -> Vec<String> {
    let mut lines = opening();
    let statuses = told.join(", ");
    lines.push(test("returns a documented status", &format!("pm.expect([{statuses}]).to.include(pm.response.code);")));
    lines.extend(keeping(operation));
    lines
}

/// Reads the body and asserts that the response has the request's id.
pub(super) fn opening() -> Vec<String> {
    let id = "pm.expect(pm.response.headers.get('X-Request-Id')).to.match(/^[0-9a-f-]{36}$/);";
    vec![
        "const type = pm.response.headers.get('Content-Type') || '';".to_owned(),
        "const body = type.includes('json') && pm.response.text() ? pm.response.json() : {};".to_owned(),
        test("has the request's id", id),
    ]
}

/// Asserts one thing.
pub(super) fn test(what: &str, check: &str) -> String {
    format!("pm.test({}, () => {{ {check} }});", json!(what))
}

/// Keeps the values of a success that later requests need.
pub(super) fn keeping(operation: &str) -> Vec<String> {
    let kept = KEPT.iter().filter(|(of, _)| *of == operation).flat_map(|(_, kept)| *kept);
    let lines: Vec<_> = kept
        .map(|(name, place)| {
            let set = format!("pm.collectionVariables.set('{name}', body.{place});");
            format!("if (pm.response.code < 300 && body.{place} !== undefined) {{ {set} }}")
        })
        .collect();
    lines
}
