//! What is read of Stripe's events: the id, the type, and which customer it may concern. Nothing else is trusted.

use serde_json::Value;

use super::objects::is_id;
use crate::domain::Timestamp;

/// The types that hint at a change of a customer's state; all others are recorded and ignored. The webhook endpoint must
/// be set to send these; a destination of thin events sends the same with the prefix `v1.`.
pub const HANDLED: [&str; 21] = [
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
    "invoice.finalization_failed",
    "invoice.marked_uncollectible",
    "invoice.overdue",
    "invoice.paid",
    "invoice.payment_action_required",
    "invoice.payment_failed",
    "invoice.voided",
    "refund.failed",
];

/// How many types Stripe's list of events accepts at once.
/// Source: <https://docs.stripe.com/api/events/list#list_events-types>.
pub const TYPES_A_LIST: usize = 20;

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its id, by which a repeated event is recognised. A thin event has the id of the snapshot event of the same
    /// change, if it names one.
    pub id: String,
    /// What happened, without the prefix of thin events.
    pub kind: String,
    /// The object that changed.
    pub object: Option<String>,
    /// The customer that it concerns.
    pub subject: Subject,
    /// When it happened.
    pub created: Option<Timestamp>,
}

/// The customer that an event concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A customer.
    Customer(String),
    /// The customer of this charge: disputes and refunds name only the charge.
    Charge(String),
    /// The customer of this payment intent: some refunds have no charge.
    PaymentIntent(String),
    /// The customer of the object at this path of the API: a thin event names only the object.
    Path(Vec<String>),
    /// No customer that can be determined.
    Nobody,
}

impl Event {
    /// Reads an event. `None` if it has no usable id and type; anything else that is missing or invalid counts as
    /// absent.
    pub fn parse(body: &[u8]) -> Option<Self> {
        Self::read(&serde_json::from_slice(body).ok()?)
    }

    /// Reads an event from parsed JSON: a snapshot event, which has the object, or a thin one, which names it.
    pub fn read(event: &Value) -> Option<Self> {
        let (own_id, kind) = (text(&event["id"])?, text(&event["type"])?);
        if event["object"] != "v2.core.event" {
            let object = &event["data"]["object"];
            let created = event["created"].as_i64().and_then(Timestamp::from_unix);
            return Some(Self { id: own_id, kind, object: text(&object["id"]), subject: Subject::of(object), created });
        }
        let related = &event["related_object"];
        Some(Self {
            id: text(&event["snapshot_event"]).unwrap_or(own_id),
            kind: kind.strip_prefix("v1.").unwrap_or(&kind).to_owned(),
            object: text(&related["id"]),
            subject: Subject::named(related),
            // A thin event tells it as a text.
            created: serde_json::from_value(event["created"].clone()).ok(),
        })
    }

    /// The event of a change of the object at this path: what is left of a thin event that was interrupted.
    pub fn of_object(id: String, kind: String, path: &str) -> Option<Self> {
        let path = segments(path)?;
        Some(Self { id, kind, object: path.last().cloned(), subject: Subject::Path(path), created: None })
    }

    /// The path of the object that it names, if it names only that.
    pub fn path(&self) -> Option<String> {
        if let Subject::Path(segments) = &self.subject { Some(segments.join("/")) } else { None }
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

impl Subject {
    /// The customer that an object of Stripe's names.
    pub(super) fn of(object: &Value) -> Self {
        let own = if object["object"] == "customer" { id(&object["id"]) } else { None };
        let customer = own.or_else(|| id(&object["customer"])).map(Self::Customer);
        let charge = || id(&object["charge"]).map(Self::Charge);
        let intent = || id(&object["payment_intent"]).map(Self::PaymentIntent);
        customer.or_else(charge).or_else(intent).unwrap_or(Self::Nobody)
    }

    /// The customer of an object that is only referred to.
    fn named(related: &Value) -> Self {
        if related["type"] == "customer" {
            return id(&related["id"]).map_or(Self::Nobody, Self::Customer);
        }
        let path = related["url"].as_str().and_then(|url| url.strip_prefix("/v1/"));
        path.and_then(segments).map_or(Self::Nobody, Self::Path)
    }
}

/// The segments of a path of Stripe's API: names and ids, and nothing that could lead elsewhere.
fn segments(path: &str) -> Option<Vec<String>> {
    let is_name = |part: &str| is_id(part) && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let parts: Vec<&str> = path.split('/').collect();
    let usable = (2..=4).contains(&parts.len()) && parts.iter().all(|part| is_name(part));
    usable.then(|| parts.into_iter().map(str::to_owned).collect())
}

/// An id of Stripe's, given alone or as part of the whole object.
fn id(value: &Value) -> Option<String> {
    text(value).or_else(|| text(&value["id"]))
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| is_id(text)).map(str::to_owned)
}

#[cfg(test)]
mod tests;
