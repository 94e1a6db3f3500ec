//! What Stripe says, and what is made of it.

use serde_json::json;

use super::{Reason, StripeError};
use crate::Fault;

/// What Stripe says, as public reports quote it, and what is made of it.
#[test]
fn a_refusal_is_recognised_by_its_status_its_code_or_its_message() {
    let said = [
        (
            400,
            None,
            "You cannot combine currencies on a single customer. This customer has an active subscription, subscription schedule, discount, quote, or invoice item with currency eur.",
            Reason::Currency,
        ),
        (
            400,
            None,
            "The currency of the selected prices (eur) does not match the customer currency (usd).",
            Reason::Currency,
        ),
        (
            400,
            None,
            "The subscription is managed by the subscription schedule `sub_sched_1`, and updating any cancelation behavior directly is not allowed. Please update the schedule instead.",
            Reason::Schedule,
        ),
        (
            400,
            None,
            "You can’t create a portal session in test mode until you save your customer portal settings in test mode at https://dashboard.stripe.com/test/settings/billing/portal.",
            Reason::Portal,
        ),
        (
            400,
            None,
            "No configuration provided and your test mode default configuration has not been created. Provide a configuration or create your default by saving your customer portal settings in test mode at https://dashboard.stripe.com/test/settings/billing/portal.",
            Reason::Portal,
        ),
        (
            400,
            Some("resource_missing"),
            "This customer has no attached payment source or default payment method.",
            Reason::NoPaymentMethod,
        ),
        (400, Some("resource_missing"), "No such price: 'price_1'", Reason::Missing),
        (404, Some("resource_missing"), "No such subscription: 'sub_1'", Reason::Missing),
        (401, None, "Invalid API Key provided: sk_test_x", Reason::Key),
        (403, None, "The provided key does not have access.", Reason::Permission),
        (402, Some("card_declined"), "Your card was declined.", Reason::Declined),
        (400, Some("parameter_unknown"), "Received unknown parameter: tea", Reason::Other),
    ];
    for (status, code, message, reason) in said {
        let body = json!({ "error": { "type": "invalid_request_error", "code": code, "message": message } });
        let error = StripeError::answered(status, body.to_string().as_bytes(), "req_1".into());
        assert_eq!(error.reason(), Some(reason), "{message}");
        let fault = Fault::from(error);
        assert!(!fault.is_outage(), "{message}");
        assert!(fault.to_string().ends_with(reason.remedy()), "{fault}");
        assert!(!fault.to_string().contains(message), "{fault}");
    }
}

#[test]
fn what_passes_by_itself_is_an_outage() {
    let body = json!({ "error": { "type": "api_error" } }).to_string();
    for status in [408, 409, 424, 429, 500, 502, 503, 504] {
        let fault = Fault::from(StripeError::answered(status, body.as_bytes(), String::new()));
        assert!(fault.is_outage(), "{status}");
    }
    let of_a_proxy = Fault::from(StripeError::answered(403, b"<html>blocked</html>", String::new()));
    assert!(of_a_proxy.is_outage(), "not Stripe's answer");
    assert!(Fault::from(StripeError::Silent("no connection".into())).is_outage());
}
