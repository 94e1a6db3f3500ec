//! Google's JSON is read field by field: a field that is null, or of another type than documented, is as if it were
//! not there. So no such field throws away the text beside it.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The longest name that is kept, in characters: of a model, or of a reason.
const LONGEST_NAME: usize = 100;

/// The value, or the default if it does not fit.
pub(super) fn value<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(from: D) -> Result<T, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(from)?).unwrap_or_default())
}

/// The items that fit.
pub(super) fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Vec<T>, D::Error> {
    let Value::Array(items) = Value::deserialize(from)? else { return Ok(Vec::new()) };
    Ok(items.into_iter().filter_map(|item| serde_json::from_value(item).ok()).collect())
}

/// A count. Protobuf writes large ones as text.
pub(super) fn count<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i32>, D::Error> {
    let count = match Value::deserialize(from)? {
        Value::String(text) => text.trim().parse().ok(),
        number => number.as_i64(),
    };
    Ok(count.filter(|count| *count >= 0).map(|count| i32::try_from(count).unwrap_or(i32::MAX)))
}

/// A text as it may be stored: Postgres does not accept NUL.
pub(super) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let mut text: String = value(from)?;
    text.retain(|char| char != '\0');
    Ok(text)
}

/// A name as it may be stored: without NUL, and not longer than [`LONGEST_NAME`].
pub(super) fn name<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(bounded(&text(from)?))
}

fn bounded(text: &str) -> Option<String> {
    let name: String = text.chars().take(LONGEST_NAME).collect();
    (!name.is_empty()).then_some(name)
}

/// Why an answer stopped. A number is Google's number for a reason; anything else that is not null is a reason that
/// cannot be read, [`Reason::Unreadable`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Reason {
    /// There is none yet.
    #[default]
    None,
    /// The reason.
    Named(String),
    /// There is one, but it cannot be read.
    Unreadable,
}

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(match Value::deserialize(from)? {
            Value::Null => Self::None,
            Value::String(text) => bounded(&text.replace('\0', "")).map_or(Self::None, Self::Named),
            number => match number.as_u64() {
                Some(1) => Self::Named("STOP".to_owned()),
                Some(2) => Self::Named("MAX_TOKENS".to_owned()),
                Some(3) => Self::Named("SAFETY".to_owned()),
                Some(4) => Self::Named("RECITATION".to_owned()),
                _ => Self::Unreadable,
            },
        })
    }
}
