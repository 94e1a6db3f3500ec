//! The order in which people read the operations: that of the journey, sign-up to sign-out.

use serde_json::{Value, json};

/// The member of an operation that has its place. Objects of JSON have no order.
pub(crate) const ORDER: &str = "x-order";

/// The operations, by tag.
const OPERATIONS: [&str; 38] = [
    "sign_up",
    "send_otp",
    "verify_otp",
    "log_in",
    "refresh_tokens",
    "list_sessions",
    "end_session",
    "request_password_reset",
    "change_password",
    "log_out",
    "get_me",
    "update_me",
    "request_mobile_change",
    "change_mobile",
    "delete_me",
    "create_room",
    "list_rooms",
    "get_room",
    "update_room",
    "delete_room",
    "send_message",
    "get_message",
    "follow_reply",
    "create_events_ticket",
    "list_messages",
    "cancel_reply",
    "regenerate_reply",
    "subscribe_to_pro",
    "get_subscription_status",
    "list_invoices",
    "open_billing_portal",
    "cancel_subscription",
    "reactivate_subscription",
    "resume_subscription",
    "receive_stripe_event",
    "get_health",
    "get_queue_statistics",
    "list_problems",
];

/// Tells an operation's place. One that is not listed comes last.
pub(crate) fn tell(operation: &mut Value) {
    let place = OPERATIONS.iter().position(|name| operation["operationId"] == *name).unwrap_or(OPERATIONS.len());
    operation[ORDER] = json!(place);
}
