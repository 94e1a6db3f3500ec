//! Who wrote a message, the state of a reply, and why it failed.

use serde::{Deserialize, Serialize};

use super::words::words;

words!(
    /// Who wrote a message.
    Role {
        /// The user.
        User = "user",
        /// The model.
        Assistant = "assistant",
    }
);

words!(
    /// The state of a reply. Every state but the first two is final.
    ReplyState {
        /// Accepted; no attempt is running.
        Pending = "pending",
        /// An attempt is running.
        Generating = "generating",
        /// The model finished by itself.
        Completed = "completed",
        /// A limit of length or time, or a failure, cut the model off; what it wrote is kept.
        Truncated = "truncated",
        /// The model or its filters refused.
        Blocked = "blocked",
        /// There is no answer; `error` says why.
        Failed = "failed",
        /// The user cancelled it.
        Cancelled = "cancelled",
    }
);

impl ReplyState {
    /// Whether the reply will not change any more.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Generating)
    }
}

words!(
    /// Why a reply has no answer.
    ReplyError {
        /// A filter of the model refused the message or the answer.
        ContentBlocked = "content_blocked",
        /// The quota of the API key is spent, for now or for the day.
        QuotaExhausted = "quota_exhausted",
        /// The model is overloaded, or cannot be reached.
        ModelUnavailable = "model_unavailable",
        /// The API key is not valid for the model.
        ModelUnauthorized = "model_unauthorized",
        /// There is no such model.
        ModelNotFound = "model_not_found",
        /// The model refuses requests of this form.
        RequestRefused = "request_refused",
        /// The model stopped for another reason, without an answer.
        ModelStopped = "model_stopped",
        /// The model finished without any text.
        EmptyAnswer = "empty_answer",
        /// The model was cut off before it wrote any text: most likely its thoughts took the whole length.
        NoText = "no_text",
        /// No attempt produced an answer.
        AttemptsExhausted = "attempts_exhausted",
        /// The queue moved the reply's record to its dead-letter queue.
        DeadLettered = "dead_lettered",
    }
);

impl ReplyError {
    /// Attempts end so if the model could not be asked or did not answer: the cause lies with it, or with our access.
    pub const UNANSWERED: [Self; 5] = [
        Self::ModelUnauthorized,
        Self::ModelNotFound,
        Self::ModelUnavailable,
        Self::QuotaExhausted,
        Self::RequestRefused,
    ];
}

/// What a model thought before it wrote a part of a reply, sealed by it. Later requests send it back with that part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThoughtSignature {
    /// The model that was asked, the only one that can open it.
    pub model: String,
    /// The signature as it came, in base64.
    pub sealed: String,
    /// Where its part of the text begins, in bytes.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
}

/// The tokens of an attempt, as far as the model reported them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Read, the cached ones included.
    pub prompt: Option<i32>,
    /// Written, without thoughts.
    pub reply: Option<i32>,
    /// Thought.
    pub thought: Option<i32>,
    /// Read from a cache, at a lower price.
    pub cached: Option<i32>,
    /// Read from the results of tools.
    pub tool: Option<i32>,
}
