//! The request, and the parts of the answer that are read.

use serde::{Deserialize, Serialize};

/// A request to the model.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<Instruction>,
    contents: Vec<Content>,
}

impl Request {
    /// A conversation that ends with the message to answer.
    pub fn new(system_prompt: Option<&str>, contents: Vec<Content>) -> Self {
        let system_instruction = system_prompt.map(|text| Instruction { parts: vec![Text { text: text.to_owned() }] });
        Self { system_instruction, contents }
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
    pub(super) candidates: Vec<Candidate>,
    pub(super) prompt_feedback: Option<PromptFeedback>,
    pub(super) usage_metadata: Option<Usage>,
    pub(super) model_version: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Candidate {
    pub(super) content: Option<Answered>,
    pub(super) finish_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Answered {
    pub(super) parts: Vec<Part>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Part {
    pub(super) text: String,
    /// A summary of the model's thoughts: not part of the answer.
    pub(super) thought: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PromptFeedback {
    pub(super) block_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Usage {
    pub(super) prompt_token_count: Option<i32>,
    pub(super) candidates_token_count: Option<i32>,
}
