//! The log of deliveries to the endpoint.

use std::sync::{Arc, Mutex};

use serde::Serialize;
use serde_json::Value;

use super::webhooks::Target;
use crate::admin::lock;

/// The state of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// Waits for an admin call.
    Held,
    /// Lost on purpose.
    Dropped,
    /// Being sent, or between two attempts.
    Pending,
    /// The endpoint returned 2xx.
    Delivered,
    /// All attempts failed.
    Failed,
}

/// One request to the endpoint.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Attempt {
    pub(super) at: String,
    pub(super) url: String,
    /// The status that the endpoint returned, if it did.
    pub(super) status: Option<u16>,
    /// The reason why it returned none.
    pub(super) error: Option<String>,
    pub(super) millis: u64,
}

/// The delivery of one event to the endpoint.
#[derive(Clone, Serialize)]
pub(super) struct Delivery {
    pub(super) event_id: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) state: State,
    pub(super) attempts: Vec<Attempt>,
    #[serde(skip)]
    event: Value,
    /// An endpoint made by the API, else the one of the stand-in's configuration.
    #[serde(skip)]
    target: Option<Target>,
}

/// All deliveries, by number.
#[derive(Clone, Default)]
pub(super) struct Deliveries(Arc<Mutex<Vec<Delivery>>>);

impl Deliveries {
    /// Adds one and returns its number.
    pub(super) fn add(&self, event: &Value, target: Option<Target>, state: State) -> usize {
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let mut deliveries = lock(&self.0);
        deliveries.push(Delivery {
            event_id: text("id"),
            kind: text("type"),
            state,
            attempts: Vec::new(),
            event: event.clone(),
            target,
        });
        deliveries.len() - 1
    }

    /// The event of a delivery, and where it goes.
    pub(super) fn event(&self, number: usize) -> Option<(Value, Option<Target>)> {
        lock(&self.0).get(number).map(|delivery| (delivery.event.clone(), delivery.target.clone()))
    }

    /// Sets the state of a delivery.
    pub(super) fn set(&self, number: usize, state: State) {
        if let Some(delivery) = lock(&self.0).get_mut(number) {
            delivery.state = state;
        }
    }

    /// Notes an attempt.
    pub(super) fn attempted(&self, number: usize, attempt: Attempt, taken: bool) {
        if let Some(delivery) = lock(&self.0).get_mut(number) {
            delivery.attempts.push(attempt);
            if taken {
                delivery.state = State::Delivered;
            }
        }
    }

    /// The numbers of the held deliveries, oldest first.
    pub(super) fn held(&self) -> Vec<usize> {
        let deliveries = lock(&self.0);
        (0..deliveries.len()).filter(|number| deliveries[*number].state == State::Held).collect()
    }

    /// A held delivery of this event, if there is one.
    pub(super) fn held_of(&self, event_id: &str) -> Option<usize> {
        let held = |delivery: &Delivery| delivery.event_id == event_id && delivery.state == State::Held;
        lock(&self.0).iter().position(held)
    }

    /// A copy of one delivery.
    pub(super) fn get(&self, number: usize) -> Option<Delivery> {
        lock(&self.0).get(number).cloned()
    }

    /// A copy of the log.
    pub(super) fn all(&self) -> Vec<Delivery> {
        lock(&self.0).clone()
    }

    /// Clears the log.
    pub(super) fn clear(&self) {
        lock(&self.0).clear();
    }
}
