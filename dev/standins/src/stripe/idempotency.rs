//! Idempotency keys: a repeated request gets the saved answer; a different request with the same key is refused.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::error::ApiError;
use super::params::Params;
use crate::admin::lock;

/// The saved answer of the first request.
#[derive(Clone)]
pub(super) struct Saved {
    pub(super) status: u16,
    pub(super) body: Value,
    pub(super) request_id: String,
}

/// What a key was used for.
#[derive(PartialEq)]
struct Fingerprint {
    path: String,
    params: Params,
}

/// A key's request, and its answer once there is one.
type Use = (Fingerprint, Option<Saved>);

/// All keys ever used.
#[derive(Clone, Default)]
pub(super) struct Keys(Arc<Mutex<HashMap<String, Use>>>);

impl Keys {
    /// Reserves `key` for a request, or returns the saved answer of the earlier one.
    pub(super) fn take(&self, key: &str, path: &str, params: &Params) -> Result<Option<Saved>, ApiError> {
        let fingerprint = Fingerprint { path: path.to_owned(), params: params.clone() };
        let mut keys = lock(&self.0);
        match keys.get(key) {
            Some((used, _)) if *used != fingerprint => Err(ApiError::key_reused(key)),
            Some((_, None)) => Err(ApiError::key_in_use(key)),
            Some((_, Some(saved))) => Ok(Some(saved.clone())),
            None => {
                keys.insert(key.to_owned(), (fingerprint, None));
                Ok(None)
            }
        }
    }

    /// Saves the answer of the request that reserved `key`. A refused request saves nothing and frees the key.
    pub(super) fn settle(&self, key: &str, saved: Option<Saved>) {
        let mut keys = lock(&self.0);
        match saved {
            None => {
                keys.remove(key);
            }
            Some(saved) => {
                if let Some(entry) = keys.get_mut(key) {
                    entry.1 = Some(saved);
                }
            }
        }
    }

    /// Removes all keys.
    pub(super) fn clear(&self) {
        lock(&self.0).clear();
    }
}
