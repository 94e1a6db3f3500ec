//! `countTokens`: a prompt and the number of its tokens.

use serde_json::{Value, json};

use super::answer::tokens;
use super::google_error::GoogleError;
use super::request::{Request, message};

const COUNT: &[&str] = &["model", "contents", "generateContentRequest"];

impl Request {
    /// Checks the body of `countTokens`: a whole request, or its contents alone.
    pub(super) fn to_count(body: &Value, model: &str) -> Result<Self, GoogleError> {
        let named = message(body, "", COUNT)?;
        match (named.get("generateContentRequest"), named.get("contents")) {
            (Some(_), Some(_)) => Err(GoogleError::invalid("Set contents or generate_content_request, not both.")),
            (Some(whole), None) => Self::parse(whole, model),
            (None, contents) => Self::parse(&json!({ "contents": contents }), model),
        }
    }

    /// The tokens of the prompt.
    pub(super) fn tokens(&self) -> u64 {
        let system = self.system.as_deref().map_or(0, tokens);
        self.turns.iter().map(|turn| tokens(&turn.text)).sum::<u64>() + system
    }

    /// The answer of `countTokens`.
    pub(super) fn counted(&self) -> Value {
        let tokens = self.tokens();
        json!({ "totalTokens": tokens, "promptTokensDetails": [{ "modality": "TEXT", "tokenCount": tokens }] })
    }
}
