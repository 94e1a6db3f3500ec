//! Thought signatures: made for each answer of a model that thinks, and checked when they come back.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

use super::google_error::GoogleError;

/// Protobuf's JSON accepts both alphabets of base64, with padding and without it.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// The signature of an answer; `None` for models that give none with a text.
/// Source: <https://ai.google.dev/gemini-api/docs/thought-signatures>.
pub(crate) fn of(model: &str, answer: &str) -> Option<String> {
    let thinks = !["gemini-1", "gemini-2"].iter().any(|older| model.starts_with(older));
    thinks.then(|| STANDARD.encode(format!("{}{answer}", beginning(model))))
}

/// Checks a part's signature: it must be base64, and what this model has made.
pub(crate) fn check(signature: &Value, model: &str, at: &str) -> Result<(), GoogleError> {
    let at = format!("{at}.thought_signature");
    let Some(text) = signature.as_str() else {
        return Err(GoogleError::bad_json(&format!("Invalid value at '{at}' (TYPE_BYTES), {signature}"), &at));
    };
    let Ok(bytes) = STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)) else {
        let problem = format!("Invalid value at '{at}' (TYPE_BYTES), Base64 decoding failed for \"{text}\"");
        return Err(GoogleError::bad_json(&problem, &at));
    };
    if !bytes.starts_with(beginning(model).as_bytes()) {
        return Err(GoogleError::invalid("Corrupted thought signature."));
    }
    Ok(())
}

fn beginning(model: &str) -> String {
    format!("thought by {model} in ")
}
