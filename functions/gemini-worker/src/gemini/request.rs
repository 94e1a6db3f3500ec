//! The request to the model, and the body that it is sent as.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use shared::domain::ThoughtSignature;

/// How much a model thinks before it answers. Models before Gemini 3 refuse requests that name a level.
/// Source: <https://ai.google.dev/api/generate-content#ThinkingLevel>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThinkingLevel {
    /// Nearly not.
    Minimal,
    /// A little.
    Low,
    /// Some.
    Medium,
    /// As much as it can.
    High,
}

impl FromStr for ThinkingLevel {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_value(text.into())
    }
}

/// A turn of the conversation.
#[derive(Debug, Clone)]
pub struct Content {
    role: &'static str,
    text: String,
    signature: Option<ThoughtSignature>,
}

impl Content {
    /// A user's message.
    pub fn user(text: &str) -> Self {
        Self { role: "user", text: text.to_owned(), signature: None }
    }

    /// The model's reply, with what it thought if that is known.
    pub fn model(text: &str, signature: Option<&ThoughtSignature>) -> Self {
        Self { role: "model", text: text.to_owned(), signature: signature.cloned() }
    }

    /// The signature, if `model` made it, with the bytes of the text that it belongs to.
    fn signed_by(&self, model: Option<&str>) -> Option<(&ThoughtSignature, [&str; 3])> {
        let signature = self.signature.as_ref().filter(|signature| model == Some(signature.model.as_str()))?;
        let (before, rest) = self.text.split_at_checked(signature.from)?;
        let (signed, after) = rest.split_at_checked(signature.to.checked_sub(signature.from)?)?;
        Some((signature, [before, signed, after]))
    }

    fn turn(&self, model: Option<&str>) -> Turn<'_> {
        let plain = |text| Part { text, thought_signature: None };
        let parts = match self.signed_by(model) {
            None => vec![plain(&self.text)],
            Some((signature, [before, text, after])) => {
                let signed = Part { text, thought_signature: Some(&signature.sealed) };
                let parts = [plain(before), signed, plain(after)];
                parts.into_iter().filter(|part| !part.text.is_empty() || part.thought_signature.is_some()).collect()
            }
        };
        Turn { role: self.role, parts }
    }
}

/// A request to the model.
#[derive(Debug, Clone)]
pub struct Request {
    system_prompt: Option<String>,
    contents: Vec<Content>,
    generation_config: Option<GenerationConfig>,
}

impl Request {
    /// A conversation that ends with the message to answer.
    pub fn new(system_prompt: Option<&str>, contents: Vec<Content>) -> Self {
        Self { system_prompt: system_prompt.map(str::to_owned), contents, generation_config: None }
    }

    /// The same request with bounds: `most` tokens of output, thoughts included, and how much to think first.
    #[must_use]
    pub fn bounded(self, most: u32, level: Option<ThinkingLevel>) -> Self {
        let thinking_config = level.map(|thinking_level| ThinkingConfig { thinking_level });
        Self { generation_config: Some(GenerationConfig { max_output_tokens: most, thinking_config }), ..self }
    }

    /// Whether it has signatures of this model.
    pub(super) fn is_signed_by(&self, model: &str) -> bool {
        self.contents.iter().any(|content| content.signed_by(Some(model)).is_some())
    }

    /// What is sent. Of the signatures those of `model`: Google refuses what another one made.
    pub(crate) fn body(&self, model: Option<&str>) -> Body<'_> {
        let instruction = |text| Instruction { parts: [Part { text, thought_signature: None }] };
        Body {
            system_instruction: self.system_prompt.as_deref().map(instruction),
            contents: self.contents.iter().map(|content| content.turn(model)).collect(),
            generation_config: self.generation_config,
        }
    }
}

/// The body of a request.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<Instruction<'a>>,
    contents: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generation_config: Option<GenerationConfig>,
}

#[derive(Debug, Serialize)]
struct Instruction<'a> {
    parts: [Part<'a>; 1],
}

#[derive(Debug, Serialize)]
struct Turn<'a> {
    role: &'static str,
    parts: Vec<Part<'a>>,
}

/// Google asks to send a signature back in the part with which it came, also if that part has no text.
/// Source: <https://ai.google.dev/gemini-api/docs/thought-signatures>.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Part<'a> {
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    thought_signature: Option<&'a str>,
}

/// How an answer is made.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
struct GenerationConfig {
    max_output_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_config: Option<ThinkingConfig>,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
struct ThinkingConfig {
    thinking_level: ThinkingLevel,
}
