//! What is kept of an account whose stand-in stops.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::World;
use crate::stripe::objects::price;
use crate::stripe::table::Table;

/// What is kept of an account whose stand-in stops.
#[derive(Deserialize, Serialize)]
pub(in crate::stripe) struct Kept {
    /// The base URL of the hosted pages, which the objects link to.
    pub(in crate::stripe) base_url: String,
    objects: Vec<Value>,
    events: Vec<Value>,
    carts: BTreeMap<String, Cart>,
    #[serde(default)]
    secrets: BTreeMap<String, String>,
}

/// What a Checkout Session creates when it is paid.
#[derive(Clone, Deserialize, Serialize)]
pub(in crate::stripe) struct Cart {
    /// Stripe's line items.
    pub(in crate::stripe) line_items: Vec<Value>,
    /// `subscription_data[metadata]`.
    pub(in crate::stripe) metadata: Value,
    /// `subscription_data[description]`.
    pub(in crate::stripe) description: Option<String>,
    /// `subscription_data[trial_period_days]`.
    pub(in crate::stripe) trial_days: Option<i64>,
}

impl World {
    /// What is kept when the stand-in stops.
    pub(in crate::stripe) fn kept(&self) -> Kept {
        Kept {
            base_url: self.base_url.clone(),
            objects: self.objects.rows().to_vec(),
            events: self.events.rows().to_vec(),
            carts: self.carts.clone().into_iter().collect(),
            secrets: self.secrets.clone().into_iter().collect(),
        }
    }

    /// Becomes what was kept; the price of this start is there even if it was not then.
    pub(in crate::stripe) fn restore(&mut self, kept: Kept) {
        self.objects = Table::default();
        self.events = Table::default();
        kept.objects.into_iter().for_each(|object| drop(self.objects.insert(object)));
        kept.events.into_iter().for_each(|event| drop(self.events.insert(event)));
        self.carts = kept.carts.into_iter().collect();
        self.secrets = kept.secrets.into_iter().collect();
        self.save_portal(true);
        if self.get(&self.price_id).is_none() {
            self.add_price(&self.price_id.clone(), price::CURRENCY);
        }
    }
}
