//! The request, and the parts of the answer that are read.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::lenient::{self, Reason};

/// A request to the model.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<Instruction>,
    contents: Vec<Content>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generation_config: Option<GenerationConfig>,
}

/// How an answer is made.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct GenerationConfig {
    max_output_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_config: Option<ThinkingConfig>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct ThinkingConfig {
    thinking_level: ThinkingLevel,
}

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

impl Request {
    /// A conversation that ends with the message to answer.
    pub fn new(system_prompt: Option<&str>, contents: Vec<Content>) -> Self {
        let system_instruction = system_prompt.map(|text| Instruction { parts: vec![Text { text: text.to_owned() }] });
        Self { system_instruction, contents, generation_config: None }
    }

    /// The same request with bounds: `most` tokens of output, thoughts included, and how much to think first.
    #[must_use]
    pub fn bounded(self, most: u32, level: Option<ThinkingLevel>) -> Self {
        let thinking_config = level.map(|thinking_level| ThinkingConfig { thinking_level });
        Self { generation_config: Some(GenerationConfig { max_output_tokens: most, thinking_config }), ..self }
    }
}

#[derive(Debug, Clone, Serialize)]
struct Instruction {
    parts: Vec<Text>,
}

#[derive(Debug, Clone, Serialize)]
struct Text {
    text: String,
}

/// A turn of the conversation.
#[derive(Debug, Clone, Serialize)]
pub struct Content {
    role: &'static str,
    parts: Vec<Text>,
}

impl Content {
    /// A user's message.
    pub fn user(text: &str) -> Self {
        Self { role: "user", parts: vec![Text { text: text.to_owned() }] }
    }

    /// The model's reply.
    pub fn model(text: &str) -> Self {
        Self { role: "model", parts: vec![Text { text: text.to_owned() }] }
    }
}

/// One chunk of a streamed answer.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Chunk {
    #[serde(deserialize_with = "lenient::list")]
    pub(super) candidates: Vec<Candidate>,
    #[serde(deserialize_with = "lenient::value")]
    pub(super) prompt_feedback: PromptFeedback,
    #[serde(deserialize_with = "lenient::value")]
    pub(super) usage_metadata: Counts,
    #[serde(deserialize_with = "lenient::name")]
    pub(super) model_version: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Candidate {
    #[serde(deserialize_with = "lenient::value")]
    pub(super) content: Answered,
    pub(super) finish_reason: Reason,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Answered {
    #[serde(deserialize_with = "lenient::list")]
    pub(super) parts: Vec<Part>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Part {
    #[serde(deserialize_with = "lenient::text")]
    pub(super) text: String,
    /// A summary of the model's thoughts: not part of the answer.
    #[serde(deserialize_with = "lenient::value")]
    pub(super) thought: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PromptFeedback {
    pub(super) block_reason: Reason,
}

/// Google's counts of tokens. Each chunk has the sums so far.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Counts {
    #[serde(rename = "promptTokenCount", deserialize_with = "lenient::count")]
    pub(super) prompt: Option<i32>,
    #[serde(rename = "candidatesTokenCount", deserialize_with = "lenient::count")]
    pub(super) reply: Option<i32>,
    #[serde(rename = "thoughtsTokenCount", deserialize_with = "lenient::count")]
    pub(super) thought: Option<i32>,
    #[serde(rename = "cachedContentTokenCount", deserialize_with = "lenient::count")]
    pub(super) cached: Option<i32>,
    #[serde(rename = "toolUsePromptTokenCount", deserialize_with = "lenient::count")]
    pub(super) tool: Option<i32>,
}
