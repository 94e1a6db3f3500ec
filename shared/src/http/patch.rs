//! Fields of a PATCH (RFC 7396): an absent field is kept, `null` clears it.

use serde::{Deserialize, Deserializer};

/// Reads a field that is present, even if it is `null`. With `#[serde(default)]`, `None` means that it is absent.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
