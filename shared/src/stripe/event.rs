//! What is read of Stripe's events: the id, the type, and which customer it may concern. Nothing else is trusted.

use serde_json::Value;

/// The types that hint at a change of a customer's state; all others are recorded and ignored. At most 20, since
/// Stripe's list of events accepts no more types at once. The webhook endpoint must be set to send these.
pub const HANDLED: [&str; 19] = [
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.refunded",
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "checkout.session.expired",
    "customer.deleted",
    "customer.subscription.created",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "customer.subscription.updated",
    "invoice.marked_uncollectible",
    "invoice.paid",
    "invoice.payment_action_required",
    "invoice.payment_failed",
    "invoice.voided",
    "refund.failed",
];

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its id, by which a repeated event is recognised.
    pub id: String,
    /// What happened.
    pub kind: String,
    /// The customer that it concerns.
    pub subject: Subject,
}

/// The customer that an event concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A customer.
    Customer(String),
    /// The customer of this charge: disputes and refunds name only the charge.
    Charge(String),
    /// No customer that can be determined.
    Nobody,
}

impl Event {
    /// Reads an event. `None` if it has no usable id and type; anything else that is missing or invalid counts as
    /// absent.
    pub fn parse(body: &[u8]) -> Option<Self> {
        Self::read(&serde_json::from_slice(body).ok()?)
    }

    /// Reads an event from parsed JSON.
    pub fn read(event: &Value) -> Option<Self> {
        let object = &event["data"]["object"];
        let subject = if object["object"] == "customer" {
            id(&object["id"]).map(Subject::Customer)
        } else {
            id(&object["customer"]).map(Subject::Customer).or_else(|| id(&object["charge"]).map(Subject::Charge))
        };
        Some(Self { id: text(&event["id"])?, kind: text(&event["type"])?, subject: subject.unwrap_or(Subject::Nobody) })
    }

    /// Whether it hints at a change of a customer's state.
    pub fn is_handled(&self) -> bool {
        HANDLED.contains(&self.kind.as_str())
    }

    /// The customer, if the event names one.
    pub fn customer(&self) -> Option<&str> {
        if let Subject::Customer(id) = &self.subject { Some(id) } else { None }
    }
}

/// An id of Stripe's, given alone or as part of the whole object.
fn id(value: &Value) -> Option<String> {
    text(value).or_else(|| text(&value["id"]))
}

fn text(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let usable = (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    usable.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
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
        assert_eq!(
            subject(&json!({ "object": "invoice", "customer": { "id": "cus_1", "object": "customer" } })),
            customer
        );
        assert_eq!(subject(&json!({ "object": "dispute", "charge": "ch_1" })), Subject::Charge("ch_1".into()));
        assert_eq!(subject(&json!({ "object": "product", "id": "prod_1" })), Subject::Nobody);
    }

    #[test]
    fn without_a_usable_id_and_type_it_is_no_event() {
        let odd =
            [r#"{"id": "evt_1"}"#, r#"{"id": "evt\u0000", "type": "x"}"#, r#"{"id": {"id": "evt_1"}, "type": "x"}"#];
        for body in ["", "null", "[]", "7", "{}"].into_iter().chain(odd) {
            assert_eq!(Event::parse(body.as_bytes()), None, "{body}");
        }
        assert_eq!(Event::parse(br#"{"id": "evt_1", "type": "x"}"#).unwrap().subject, Subject::Nobody);
    }

    #[test]
    fn the_types_fit_into_one_listing_of_stripes() {
        assert!(HANDLED.is_sorted());
        assert!(HANDLED.len() <= 20);
    }
}
