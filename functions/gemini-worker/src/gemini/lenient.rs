//! Google's JSON is read field by field: a field that is null, or of another type than documented, is as if it were
//! not there. So no such field throws away the text beside it, and neither does half a character.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The longest name that is kept, in characters: of a model, or of a reason.
const LONGEST_NAME: usize = 100;
/// The longest signature of a thought that is kept, in bytes.
const LARGEST_SIGNATURE: usize = 32 * 1024;
/// The length of an escape of a surrogate.
const SURROGATE: usize = 6;
/// The escape of the replacement character.
const REPLACED: &str = "\\ufffd";

/// Parses JSON. Half a character, `\ud83d` say, comes of a text that was cut; `serde_json` refuses it, so it is replaced.
pub(super) fn json(text: &str) -> Option<Value> {
    serde_json::from_str(text).or_else(|_| serde_json::from_str(&with_whole_characters(text))).ok()
}

/// Replaces each escape that is one half of a surrogate pair and stands alone.
fn with_whole_characters(json: &str) -> String {
    let (mut whole, mut rest) = (String::with_capacity(json.len()), json);
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        whole.push_str(before);
        let (kept, length) = match surrogate(escape) {
            None => (None, escape.chars().take(2).map(char::len_utf8).sum()),
            Some(0xdc00..) => (Some(REPLACED), SURROGATE),
            Some(_) if surrogate(&escape[SURROGATE..]) >= Some(0xdc00) => (None, 2 * SURROGATE),
            Some(_) => (Some(REPLACED), SURROGATE),
        };
        let (escape, after) = escape.split_at(length);
        whole.push_str(kept.unwrap_or(escape));
        rest = after;
    }
    whole + rest
}

/// The half of a surrogate pair that `text` begins with, as an escape.
fn surrogate(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok().filter(|unit| (0xd800..0xe000).contains(unit))
}

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

/// A signature of a thought: base64, and not longer than [`LARGEST_SIGNATURE`]. It is not needed, and any other is none.
pub(super) fn signature<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let text: String = value(from)?;
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte);
    Ok(Some(text).filter(|text| (1..=LARGEST_SIGNATURE).contains(&text.len()) && text.bytes().all(is_base64)))
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
