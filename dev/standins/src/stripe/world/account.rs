//! What the owner of the account sets up: the portal's settings and webhook endpoints.

use serde_json::{Value, json};

use super::{ENDPOINT, PORTAL, World};
use crate::stripe::objects::portal;
use crate::stripe::webhooks::Target;

impl World {
    /// The portal's configuration for sessions that name none.
    pub(in crate::stripe) fn default_portal(&self) -> Option<&Value> {
        self.all(PORTAL).find(|one| one["is_default"] == true)
    }

    /// Saves the portal's settings in the Dashboard, which makes a default configuration, or takes them away.
    pub(in crate::stripe) fn save_portal(&mut self, configured: bool) {
        let known = self.default_portal().and_then(|one| one["id"].as_str()).map(str::to_owned);
        match known {
            None if configured => drop(self.insert(portal::default_configuration())),
            Some(id) if !configured => {
                self.change(&id, |one| (one["is_default"], one["active"]) = (json!(false), json!(false)));
            }
            _ => {}
        }
    }

    /// Stores the signing secret of a webhook endpoint.
    pub(in crate::stripe) fn keep_secret(&mut self, endpoint: &str, secret: &str) {
        self.secrets.insert(endpoint.to_owned(), secret.to_owned());
    }

    /// The webhook endpoints that get the events of this type.
    pub(super) fn endpoints(&self, kind: &str) -> Vec<Target> {
        let wants = |one: &&Value| {
            let mut events = one["enabled_events"].as_array().into_iter().flatten();
            one["status"] == "enabled" && events.any(|event| event == kind || event == "*")
        };
        let target = |one: &Value| {
            let (id, url) = (one["id"].as_str()?, one["url"].as_str()?);
            Some(Target { url: url.to_owned(), secret: self.secrets.get(id)?.clone() })
        };
        self.all(ENDPOINT).filter(wants).filter_map(target).collect()
    }
}
