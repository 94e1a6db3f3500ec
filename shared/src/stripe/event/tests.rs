//! How events are read.

use serde_json::json;

use super::{Event, HANDLED, Subject};

fn subject(object: &serde_json::Value) -> Subject {
    Event::read(&json!({ "id": "evt_1", "type": "x", "data": { "object": object } })).unwrap().subject
}

#[test]
fn an_event_concerns_the_customer_that_it_names_in_any_form() {
    let customer = Subject::Customer("cus_1".into());
    assert_eq!(subject(&json!({ "object": "customer", "id": "cus_1" })), customer);
    assert_eq!(subject(&json!({ "object": "invoice", "id": "in_1", "customer": "cus_1" })), customer);
    assert_eq!(subject(&json!({ "object": "invoice", "customer": { "id": "cus_1", "object": "customer" } })), customer);
    assert_eq!(subject(&json!({ "object": "dispute", "charge": "ch_1" })), Subject::Charge("ch_1".into()));
    assert_eq!(subject(&json!({ "object": "product", "id": "prod_1" })), Subject::Nobody);
}

#[test]
fn without_a_usable_id_and_type_it_is_no_event() {
    let odd = [r#"{"id": "evt_1"}"#, r#"{"id": "evt\u0000", "type": "x"}"#, r#"{"id": {"id": "evt_1"}, "type": "x"}"#];
    for body in ["", "null", "[]", "7", "{}"].into_iter().chain(odd) {
        assert_eq!(Event::parse(body.as_bytes()), None, "{body}");
    }
    assert_eq!(Event::parse(br#"{"id": "evt_1", "type": "x"}"#).unwrap().subject, Subject::Nobody);
}

#[test]
fn the_types_are_sorted_and_named_once() {
    assert!(HANDLED.is_sorted_by(|one, next| one < next));
}

#[test]
fn a_refund_without_a_charge_concerns_the_customer_of_its_payment() {
    let refund = json!({ "object": "refund", "id": "re_1", "charge": null, "payment_intent": "pi_1" });
    assert_eq!(subject(&refund), Subject::PaymentIntent("pi_1".into()));
}

fn thin(related: &serde_json::Value) -> Event {
    let event = json!({
        "id": "evt_thin", "object": "v2.core.event", "type": "v1.invoice.paid", "related_object": related,
    });
    Event::read(&event).unwrap()
}

#[test]
fn a_thin_event_names_the_object_that_is_fetched() {
    let event = thin(&json!({ "id": "in_1", "type": "invoice", "url": "/v1/invoices/in_1" }));
    assert_eq!((event.kind.as_str(), event.id.as_str()), ("invoice.paid", "evt_thin"));
    assert_eq!(event.subject, Subject::Path(vec!["invoices".into(), "in_1".into()]));
    assert!(event.is_handled());
    let customer = thin(&json!({ "id": "cus_1", "type": "customer", "url": "/v1/customers/cus_1" }));
    assert_eq!(customer.subject, Subject::Customer("cus_1".into()));
    for url in
        ["/v2/core/accounts/acct_1", "/v1/../keys", "/v1/invoices/in_1?expand[]=x", "/v1/", "https://x.example/v1/a/b"]
    {
        assert_eq!(thin(&json!({ "id": "x", "type": "x", "url": url })).subject, Subject::Nobody, "{url}");
    }
}

#[test]
fn a_thin_event_has_the_id_of_its_snapshot() {
    let event = json!({
        "id": "evt_thin", "object": "v2.core.event", "type": "v1.charge.dispute.created",
        "snapshot_event": "evt_1", "related_object": { "id": "du_1", "type": "dispute", "url": "/v1/disputes/du_1" },
    });
    let event = Event::read(&event).unwrap();
    assert_eq!((event.id.as_str(), event.object.as_deref()), ("evt_1", Some("du_1")));
}
