//! Fields of a PATCH (RFC 7396): absent keeps, `null` clears.

use serde::{Deserialize, Deserializer};

/// Reads a field that is there, be it `null`; with `#[serde(default)]`, `None` is one that is not there.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
