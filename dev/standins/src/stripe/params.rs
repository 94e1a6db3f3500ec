//! The parameters of one call, checked against those that the endpoint accepts.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::error::ApiError;
use super::form::{self, Pair};

/// All parameters by their full name (`line_items[0][price]`); `[]` is replaced by a number.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Params(BTreeMap<String, String>);

impl Params {
    /// Reads form-encoded bytes; a name given twice is refused.
    pub(super) fn parse(encoded: &[u8]) -> Result<Self, ApiError> {
        let mut params = BTreeMap::new();
        let mut appended: BTreeMap<String, usize> = BTreeMap::new();
        for Pair { path, value } in form::parse(encoded)? {
            let mut segments = path.into_iter();
            let mut name = segments.next().unwrap_or_default();
            for segment in segments {
                let inner = if segment.is_empty() {
                    let next = appended.entry(name.clone()).or_default();
                    *next += 1;
                    (*next - 1).to_string()
                } else {
                    segment
                };
                name = format!("{name}[{inner}]");
            }
            if params.insert(name.clone(), value).is_some() {
                return Err(ApiError::invalid(format!("Invalid request: the parameter '{name}' is given twice.")));
            }
        }
        Ok(Self(params))
    }

    /// Refuses parameters that are not in `known`. There, `#` stands for a list index and `*` for any name; a
    /// trailing `?` allows an empty value, which unsets the field.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), ApiError> {
        for (name, value) in &self.0 {
            let Some(pattern) = known.iter().find(|pattern| fits(pattern.trim_end_matches('?'), name)) else {
                return Err(ApiError::param("parameter_unknown", name, format!("Received unknown parameter: {name}")));
            };
            if value.is_empty() && !pattern.ends_with('?') {
                let message = format!(
                    "You passed an empty string for '{name}'. We assume empty values are an attempt to unset a field; \
                     however '{name}' cannot be unset. You should remove '{name}' from your request or supply a \
                     non-empty value."
                );
                return Err(ApiError::param("parameter_invalid_empty", name, message));
            }
        }
        Ok(())
    }

    /// A text.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A required text.
    pub(super) fn need(&self, name: &str) -> Result<&str, ApiError> {
        self.get(name).ok_or_else(|| ApiError::missing(name))
    }

    /// A whole number.
    pub(super) fn int(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let invalid = |_| ApiError::param("parameter_invalid_integer", name, format!("Invalid integer: {text}"));
        text.parse().map(Some).map_err(invalid)
    }

    /// A boolean.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => {
                let message = format!("Invalid boolean: {other}");
                Err(ApiError::param("parameter_invalid_boolean", name, message))
            }
        }
    }

    /// One of several words.
    pub(super) fn one_of(&self, name: &str, words: &[&str]) -> Result<Option<&str>, ApiError> {
        match self.get(name) {
            Some(word) if !words.contains(&word) => Err(ApiError::invalid_word(name, words)),
            word => Ok(word),
        }
    }

    /// The values of `name[0]`, `name[1]`, … in their order.
    pub(super) fn list(&self, name: &str) -> Vec<&str> {
        let mut items: Vec<(u32, &str)> =
            self.entries(name).into_iter().filter_map(|(key, value)| Some((key.parse().ok()?, value))).collect();
        items.sort_unstable();
        items.into_iter().map(|(_, value)| value).collect()
    }

    /// The names and values directly inside `name[…]`.
    pub(super) fn entries(&self, name: &str) -> Vec<(&str, &str)> {
        let inside = |key: &'_ str| -> Option<usize> { key.strip_prefix(name)?.strip_prefix('[').map(str::len) };
        self.0
            .iter()
            .filter_map(|(key, value)| {
                let inner = &key[key.len() - inside(key)?..];
                let inner = inner.strip_suffix(']').filter(|inner| !inner.contains('['))?;
                Some((inner, value.as_str()))
            })
            .collect()
    }

    /// Merges `metadata[…]` into `present`. An empty value unsets its key; an empty `metadata` unsets all keys.
    pub(super) fn metadata(&self, name: &str, present: &Value) -> Result<Value, ApiError> {
        let mut metadata = present.as_object().cloned().unwrap_or_default();
        if self.get(name) == Some("") {
            metadata = Map::new();
        }
        for (key, value) in self.entries(name) {
            if key.chars().count() > 40 || value.chars().count() > 500 {
                let message = "Metadata keys can have at most 40 characters and values at most 500.";
                return Err(ApiError::param("parameter_invalid", &format!("{name}[{key}]"), message));
            }
            if value.is_empty() {
                metadata.remove(key);
            } else {
                metadata.insert(key.to_owned(), Value::from(value));
            }
        }
        if metadata.len() > 50 {
            return Err(ApiError::param("parameter_invalid", name, "You can have at most 50 metadata keys."));
        }
        Ok(Value::Object(metadata))
    }

    /// All of them as JSON, for the log of calls.
    pub(super) fn to_json(&self) -> Value {
        self.0.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect::<Map<_, _>>().into()
    }
}

impl ApiError {
    fn invalid_word(name: &str, words: &[&str]) -> Self {
        let message = format!("Invalid {name}: must be one of {}", words.join(", "));
        Self::param("parameter_invalid", name, message)
    }
}

/// Whether a full name fits a pattern such as `line_items[#][price]`.
fn fits(pattern: &str, name: &str) -> bool {
    let mut patterns = pattern.split('[').map(|part| part.trim_end_matches(']'));
    let mut names = name.split('[').map(|part| part.trim_end_matches(']'));
    loop {
        match (patterns.next(), names.next()) {
            (None, None) => return true,
            (Some("*"), Some(_)) => {}
            (Some("#"), Some(number)) if number.parse::<u32>().is_ok() => {}
            (Some(expected), Some(given)) if expected == given => {}
            _ => return false,
        }
    }
}
