//! The examples of the contract: one story. Ada signs up, plans a weekend in Lisbon with the model, and goes Pro.

use serde_json::{Value, json};

const MOBILE: &str = "+14155550123";
const SIGNUP: &str = "6cad4a26-8d11-4ece-a738-f7d93d9c1724";
const CHALLENGE: &str = "1fb17c23-90c1-42cf-a3ac-94af0f21ddb6";
const SESSION: &str = "01a207ae-2d61-70c5-a9a8-a4506513270e";
const ROOM: &str = "01a207af-2c01-7892-b48f-0824128b2f33";
const MESSAGE: &str = "01a207af-efbc-7953-9767-c9f81818e811";
const REPLY: &str = "01a207af-efbc-781e-ba38-5d940ed90475";
const SECOND_REPLY: &str = "01a207b2-386a-7160-8266-50d836f675cc";
const PROMPT: &str = "You know Lisbon well. Answer in three sentences at most.";
const QUESTION: &str = "We have two days in Lisbon in May and love small restaurants. What should we not miss?";
const ASKED_AT: &str = "2026-11-23T09:15:00.412Z";
const ACCESS_TOKEN: &str = "eyJhbGciOiJIUzI1NiIsImtpZCI6ImExIn0.eyJzdWIiOiIwMTlhIn0.c2ln";
const REFRESH_TOKEN: &str = "9Zc0fN2bV8mQ1xK7pT4sL6wR3yH5jD0aUeGiBoCkMnE";
const PASSWORD: &str = "ferry to Cacilhas at dusk";

/// A request's name in the log.
pub(crate) const REQUEST: &str = "a09f76b5-a170-4338-a926-3059f28c105d";

/// The example of an id in a path, by the parameter's name.
pub(crate) fn id(parameter: &str) -> Option<&'static str> {
    match parameter {
        "chatroom" => Some(ROOM),
        "message" => Some(REPLY),
        "session" => Some(SESSION),
        _ => None,
    }
}

/// What is sent to an operation, if it takes a body.
pub(crate) fn request(operation: &str) -> Option<Value> {
    Some(match operation {
        "sign_up" => {
            json!({ "mobile": MOBILE, "name": "Ada Lovelace", "email": "ada@example.org", "password": PASSWORD })
        }
        "send_otp" => json!({ "mobile": MOBILE, "signup_id": SIGNUP }),
        "verify_otp" => json!({ "challenge_id": CHALLENGE, "otp": "493027" }),
        "request_password_reset" => json!({ "mobile": MOBILE }),
        "change_password" => json!({ "current_password": PASSWORD, "new_password": "pastéis de nata at dawn" }),
        "log_in" => json!({ "mobile": MOBILE, "password": PASSWORD }),
        "refresh_tokens" => json!({ "refresh_token": REFRESH_TOKEN }),
        "update_me" => json!({ "name": "Ada King" }),
        "create_room" => json!({ "title": "Weekend in Lisbon", "system_prompt": PROMPT }),
        "update_room" => json!({ "title": "Weekend in Lisbon, with Grace" }),
        "send_message" => json!({ "content": QUESTION }),
        "receive_stripe_event" => json!({
            "id": "evt_1TfLisbon", "object": "event", "type": "invoice.paid", "created": 1_795_425_605,
            "data": { "object": { "id": "in_1TfLisbon", "object": "invoice", "customer": "cus_TfAda" } },
        }),
        "subscribe_to_pro" | "cancel_subscription" | "reactivate_subscription" | "open_billing_portal" => json!({}),
        _ => return None,
    })
}

/// What an operation answers when it succeeds, if that has a body.
pub(crate) fn answer(operation: &str) -> Option<Value> {
    Some(match operation {
        "sign_up" => json!({ "signup_id": SIGNUP, "mobile": MOBILE, "expires_at": "2026-11-23T09:27:10.044Z" }),
        "send_otp" | "request_password_reset" => {
            json!({ "challenge_id": CHALLENGE, "expires_at": "2026-11-23T09:17:31.870Z", "resend_after": 30 })
        }
        "verify_otp" | "log_in" => with(tokens(), &json!({ "user": account(0) })),
        "refresh_tokens" => tokens(),
        "list_sessions" => json!({ "data": [
            session(SESSION, "2026-11-23T09:13:05.121Z", "2026-11-23T09:15:00.398Z", "ChatApp/1.4 (iPhone; iOS 19.1)", true),
            session("01a1fa44-2274-711e-9ac3-549b6f03675a", "2026-11-20T18:42:11.700Z", "2026-11-22T21:03:40.015Z",
                "ChatApp/1.4 (iPad; iPadOS 19.1)", false),
        ] }),
        "get_me" => account(1),
        "update_me" => with(account(1), &json!({ "name": "Ada King" })),
        "create_room" => room(),
        "update_room" => {
            with(room(), &json!({ "title": "Weekend in Lisbon, with Grace", "updated_at": "2026-11-23T09:16:12.907Z" }))
        }
        "list_rooms" => json!({ "data": [with(room(), &json!({ "updated_at": ASKED_AT }))], "next_cursor": null }),
        "get_room" => with(with(room(), &json!({ "updated_at": ASKED_AT })), &json!({ "messages": messages() })),
        "list_messages" => messages(),
        "send_message" => {
            json!({ "message": question(), "reply": pending(REPLY, ASKED_AT), "allowance": allowance(1) })
        }
        "get_message" => reply(),
        "cancel_reply" => {
            with(pending(REPLY, ASKED_AT), &json!({ "state": "cancelled", "completed_at": "2026-11-23T09:15:01.226Z" }))
        }
        "regenerate_reply" => json!({
            "message": question(), "reply": pending(SECOND_REPLY, "2026-11-23T09:17:30.090Z"), "allowance": allowance(2),
        }),
        "subscribe_to_pro" => json!({
            "checkout_url": "https://checkout.stripe.com/c/pay/cs_test_a1TfLisbon", "session_id": "cs_test_a1TfLisbon",
            "expires_at": "2026-11-24T09:19:02.000Z",
        }),
        "get_subscription_status" | "reactivate_subscription" => subscription(),
        "cancel_subscription" => with(subscription(), &json!({ "cancel_at": "2026-12-23T09:20:05.000Z" })),
        "open_billing_portal" => json!({ "portal_url": "https://billing.stripe.com/p/session/test_TfLisbon" }),
        "list_invoices" => json!({ "data": [{
            "id": "in_1TfLisbon", "amount": 2000, "currency": "usd", "status": "paid",
            "invoice_url": "https://invoice.stripe.com/i/acct_1/test_TfLisbon", "created_at": "2026-11-23T09:20:05.000Z",
        }], "next_cursor": null }),
        "receive_stripe_event" => json!({ "received": true }),
        "get_health" => json!({ "status": "ok" }),
        "list_problems" => {
            json!("<!doctype html><html lang=en><meta charset=utf-8><title>Problems</title><h1>Problems</h1>")
        }
        "get_queue_statistics" => json!({
            "queues": [
                { "name": "pro", "waiting": 1, "in_flight": 2, "oldest_age_seconds": 2, "dead": 0 },
                { "name": "basic", "waiting": 3, "in_flight": 1, "oldest_age_seconds": 4, "dead": 0 },
                { "name": "otp", "waiting": 0, "in_flight": 0, "oldest_age_seconds": null, "dead": 0 },
            ],
            "replies": { "pending": 4, "generating": 3, "completed": 1180, "truncated": 6, "blocked": 2, "failed": 1, "cancelled": 9 },
            "last_hour": { "accepted": 121, "completed": 112, "truncated": 1, "blocked": 0, "failed": 0, "cancelled": 1 },
        }),
        _ => return None,
    })
}

/// An object with the fields of another in place of its own.
fn with(mut object: Value, other: &Value) -> Value {
    for (name, value) in other.as_object().into_iter().flatten() {
        object[name] = value.clone();
    }
    object
}

fn tokens() -> Value {
    json!({
        "access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 86400, "refresh_token": REFRESH_TOKEN,
    })
}

fn account(used: i32) -> Value {
    json!({
        "id": "01a207ae-2d60-7269-bca9-4de452e6b438", "mobile": MOBILE, "name": "Ada Lovelace", "email": "ada@example.org",
        "tier": "basic", "allowance": allowance(used), "created_at": "2026-11-23T09:13:05.120Z",
    })
}

fn allowance(used: i32) -> Value {
    json!({ "limit": 5, "used": used, "remaining": 5 - used, "resets_at": "2026-11-24T00:00:00.000Z" })
}

fn session(id: &str, created: &str, used: &str, device: &str, current: bool) -> Value {
    json!({ "id": id, "created_at": created, "last_used_at": used, "user_agent": device, "current": current })
}

fn room() -> Value {
    json!({
        "id": ROOM, "title": "Weekend in Lisbon", "system_prompt": PROMPT,
        "created_at": "2026-11-23T09:14:10.305Z", "updated_at": "2026-11-23T09:14:10.305Z",
    })
}

fn messages() -> Value {
    json!({ "data": [question(), reply()], "next_cursor": null })
}

fn question() -> Value {
    json!({
        "id": MESSAGE, "role": "user", "content": QUESTION, "state": "completed", "in_reply_to": null, "model": null,
        "finish_reason": null, "usage": null, "error": null, "created_at": ASKED_AT, "completed_at": null,
    })
}

fn pending(id: &str, at: &str) -> Value {
    json!({
        "id": id, "role": "assistant", "content": "", "state": "pending", "in_reply_to": MESSAGE, "model": null,
        "finish_reason": null, "usage": null, "error": null, "created_at": at, "completed_at": null,
    })
}

fn reply() -> Value {
    let written = json!({
        "content": "Begin in Alfama before ten, have lunch in a tasca in Mouraria, and take the ferry to Cacilhas at dusk. \
            On the second day walk from Belém along the river and have dinner in Campo de Ourique. Book both dinners a week ahead.",
        "state": "completed", "model": "gemini-flash-latest", "finish_reason": "STOP",
        "usage": { "prompt_tokens": 38, "reply_tokens": 57 }, "completed_at": "2026-11-23T09:15:02.731Z",
    });
    with(pending(REPLY, ASKED_AT), &written)
}

fn subscription() -> Value {
    json!({
        "tier": "pro", "status": "active", "current_period_start": "2026-11-23T09:20:05.000Z",
        "current_period_end": "2026-12-23T09:20:05.000Z", "cancel_at": null, "grace_until": null, "payment_problem": null,
        "portal": { "method": "POST", "path": "/subscription/portal" },
    })
}
