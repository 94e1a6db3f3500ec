//! All objects of the stand-in's Stripe account, and the events of their changes.

mod account;
mod kept;

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use tokio::sync::mpsc::UnboundedSender;

use super::API_VERSION;
use super::error::ApiError;
use super::objects::price;
use super::table::Table;
use super::webhooks::Outgoing;
use crate::{clock, ids};
pub(super) use kept::{Cart, Kept};

/// The kind of a configuration of the customer portal.
pub(super) const PORTAL: &str = "billing_portal.configuration";
/// The kind of a webhook endpoint.
pub(super) const ENDPOINT: &str = "webhook_endpoint";

/// The API request that causes the current events.
#[derive(Clone)]
pub(super) struct Cause {
    pub(super) request_id: String,
    pub(super) idempotency_key: Option<String>,
}

/// The account.
pub(super) struct World {
    /// The base URL of the hosted pages.
    pub(super) base_url: String,
    /// The API call in progress; `None` for changes by Stripe or a person.
    pub(super) cause: Option<Cause>,
    price_id: String,
    objects: Table,
    events: Table,
    carts: HashMap<String, Cart>,
    /// The signing secrets of the webhook endpoints.
    secrets: HashMap<String, String>,
    outbox: UnboundedSender<Outgoing>,
}

impl World {
    /// An account with one price at first; its events go to `outbox`.
    pub(super) fn new(base_url: String, price_id: &str, outbox: UnboundedSender<Outgoing>) -> Self {
        let mut world = Self {
            base_url,
            cause: None,
            price_id: price_id.to_owned(),
            objects: Table::default(),
            events: Table::default(),
            carts: HashMap::new(),
            secrets: HashMap::new(),
            outbox,
        };
        world.reset();
        world
    }

    /// Removes everything except the price and the portal's settings.
    pub(super) fn reset(&mut self) {
        self.objects = Table::default();
        self.events = Table::default();
        self.carts.clear();
        self.secrets.clear();
        self.insert(price::product(&ids::prefixed("prod"), "Pro"));
        self.save_portal(true);
        self.add_price(&self.price_id.clone(), price::CURRENCY);
    }

    /// Adds a price of the product, or changes its currency.
    pub(super) fn add_price(&mut self, id: &str, currency: &str) -> Value {
        let product = self.all("product").last().cloned().unwrap_or_default();
        let price = price::price(id, &product, currency);
        match self.objects.get_mut(id) {
            Some(known) => *known = price.clone(),
            None => drop(self.insert(price.clone())),
        }
        price
    }

    /// Stores a new object and returns its id.
    pub(super) fn insert(&mut self, object: Value) -> String {
        self.objects.insert(object)
    }

    /// Stores what a session creates when it is paid.
    pub(super) fn keep_cart(&mut self, session: &str, cart: Cart) {
        self.carts.insert(session.to_owned(), cart);
    }

    /// What a session creates when it is paid.
    pub(super) fn cart(&self, session: &str) -> Option<&Cart> {
        self.carts.get(session)
    }

    /// An object of any kind.
    pub(super) fn get(&self, id: &str) -> Option<&Value> {
        self.objects.get(id)
    }

    /// An object of this kind that was not deleted, named by `param`.
    pub(super) fn find(&self, kind: &str, id: &str, param: &str) -> Result<&Value, ApiError> {
        self.get(id)
            .filter(|object| object["object"] == kind && object["deleted"] != true)
            .ok_or_else(|| ApiError::no_such(kind, id, param))
    }

    /// Changes an object in place.
    pub(super) fn change(&mut self, id: &str, change: impl FnOnce(&mut Value)) {
        if let Some(object) = self.objects.get_mut(id) {
            change(object);
        }
    }

    /// All objects of a kind, newest first.
    pub(super) fn all<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.objects.newest().filter(move |object| object["object"] == kind)
    }

    /// All events, newest first.
    pub(super) fn events(&self) -> impl Iterator<Item = &Value> {
        self.events.newest()
    }

    /// One event.
    pub(super) fn event(&self, id: &str) -> Result<&Value, ApiError> {
        self.events.get(id).ok_or_else(|| ApiError::no_such("event", id, "id"))
    }

    /// Records and sends the event `kind` about the object `id` as it is now.
    pub(super) fn emit(&mut self, kind: &str, id: &str) {
        if let Some(object) = self.get(id).cloned() {
            self.emit_with(kind, &json!({ "object": object }));
        }
    }

    /// Changes an object and, if that changed anything, emits `kind` with the previous values.
    pub(super) fn update(&mut self, kind: &str, id: &str, change: impl FnOnce(&mut Value)) {
        let Some(before) = self.get(id).cloned() else { return };
        self.change(id, change);
        let Some(after) = self.get(id).cloned() else { return };
        let previous = previous_attributes(&before, &after);
        if !previous.is_empty() {
            self.emit_with(kind, &json!({ "object": after, "previous_attributes": previous }));
        }
    }

    fn emit_with(&mut self, kind: &str, data: &Value) {
        let request = self.cause.as_ref().map_or_else(
            || json!({ "id": null, "idempotency_key": null }),
            |cause| json!({ "id": cause.request_id, "idempotency_key": cause.idempotency_key }),
        );
        let event = json!({
            "id": ids::prefixed("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": clock::unix_now(),
            "data": data,
            "livemode": false,
            "pending_webhooks": 1,
            "request": request,
            "type": kind,
        });
        self.events.insert(event.clone());
        // If there is no receiver, the server is stopping.
        let _ = self.outbox.send(Outgoing { event, endpoints: self.endpoints(kind) });
    }
}

fn previous_attributes(before: &Value, after: &Value) -> Map<String, Value> {
    let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else { return Map::new() };
    before
        .iter()
        .filter(|(name, value)| after.get(*name) != Some(value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
