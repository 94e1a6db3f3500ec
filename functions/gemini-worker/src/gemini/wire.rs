//! The parts of the answer that are read.

use serde::Deserialize;

use super::lenient::{self, Reason};

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
    /// What the model thought, sealed by it.
    #[serde(rename = "thoughtSignature", deserialize_with = "lenient::signature")]
    pub(super) signature: Option<String>,
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
