//! The reply: a text that shows which part of the history was received, inside Google's JSON.

use serde_json::{Value, json};

use super::request::{Request, Role, Turn};
use super::signature;
use crate::ids;

/// Characters per chunk of text, about the size of Google's first chunk.
const CHUNK_CHARS: usize = 28;
/// How many characters of an earlier turn are quoted.
const QUOTE_CHARS: usize = 200;

/// The text of the reply.
pub(crate) fn text(request: &Request) -> String {
    let turns = &request.turns;
    let number = turns.iter().filter(|turn| turn.role == Role::User).count();
    let told = request.system.as_ref().map(|system| format!("(I was told: \"{}\") ", quote(system)));
    let said = format!("You said: \"{}\". This is turn {number}", request.last());
    let before = &turns[..turns.len().saturating_sub(1)];
    let history = match before.iter().rev().find(|turn| turn.role == Role::User) {
        None => " of our conversation.".to_owned(),
        Some(asked) => format!("; before that you said: \"{}\"{}", quote(&asked.text), answered(before)),
    };
    told.unwrap_or_default() + &said + &history
}

fn answered(before: &[Turn]) -> String {
    match before.last().filter(|turn| turn.role == Role::Model) {
        Some(answered) => format!(" and I answered: \"{}\".", quote(&answered.text)),
        None => " and I did not answer.".to_owned(),
    }
}

fn quote(text: &str) -> String {
    let mut quoted: String = text.chars().take(QUOTE_CHARS).collect();
    if quoted.len() < text.len() {
        quoted.push('…');
    }
    quoted
}

/// `text` in pieces that end at a space if possible.
pub(crate) fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for word in text.split_inclusive(' ') {
        let full = pieces.last().is_some_and(|piece| !piece.is_empty() && piece.len() + word.len() > CHUNK_CHARS);
        if full {
            pieces.push(String::new());
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push_str(word);
        }
    }
    pieces
}

/// Tokens of a text: four characters per token, as Google's guide says.
pub(crate) fn tokens(text: &str) -> u64 {
    (text.chars().count() as u64).div_ceil(4)
}

/// The first `limit` tokens of `text`.
pub(crate) fn first_tokens(text: &str, limit: u64) -> String {
    let chars = usize::try_from(limit.saturating_mul(4)).unwrap_or(usize::MAX);
    text.chars().take(chars).collect()
}

/// Makes the chunks of one response, which share a model and a response id.
pub(crate) struct Chunks {
    model: String,
    response_id: String,
    prompt_tokens: u64,
    reply_tokens: u64,
}

impl Chunks {
    /// Chunks of a reply to `request`.
    pub(crate) fn new(model: &str, request: &Request) -> Self {
        Self { model: model.to_owned(), response_id: ids::opaque(), prompt_tokens: request.tokens(), reply_tokens: 0 }
    }

    /// A chunk with text, and with the finish reason if it is the last chunk.
    pub(crate) fn text(&mut self, text: &str, finish: Option<&str>) -> Value {
        self.reply_tokens += tokens(text);
        let mut candidate = json!({ "index": 0 });
        if !text.is_empty() {
            candidate["content"] = json!({ "parts": [{ "text": text }], "role": "model" });
        } else if finish == Some("STOP") || finish == Some("MAX_TOKENS") {
            candidate["content"] = json!({ "role": "model" });
        }
        if let Some(finish) = finish {
            candidate["finishReason"] = json!(finish);
        }
        let mut chunk = self.frame(0);
        chunk["candidates"] = json!([candidate]);
        chunk
    }

    /// The signature of the thoughts behind this answer, if the model gives one.
    pub(crate) fn signature(&self) -> Option<String> {
        signature::of(&self.model, &self.response_id)
    }

    /// The end of a stream with a signature, in a part without text, as Google sends it.
    pub(crate) fn signed(&self, signature: &str) -> Value {
        let parts = json!([{ "text": "", "thoughtSignature": signature }]);
        let mut chunk = self.frame(0);
        chunk["candidates"] =
            json!([{ "content": { "parts": parts, "role": "model" }, "finishReason": "STOP", "index": 0 }]);
        chunk
    }

    /// `MAX_TOKENS` without text: `thoughts` tokens were used for thinking.
    pub(crate) fn thought_away(&mut self, thoughts: u64) -> Value {
        let mut chunk = self.frame(thoughts);
        chunk["candidates"] = json!([{ "content": { "role": "model" }, "finishReason": "MAX_TOKENS", "index": 0 }]);
        chunk
    }

    /// No candidates: the prompt was blocked.
    pub(crate) fn blocked(&mut self, reason: &str) -> Value {
        let mut chunk = self.frame(0);
        chunk["promptFeedback"] = json!({ "blockReason": reason });
        chunk
    }

    fn frame(&self, thoughts: u64) -> Value {
        let mut usage = json!({
            "promptTokenCount": self.prompt_tokens,
            "totalTokenCount": self.prompt_tokens + self.reply_tokens + thoughts,
            "promptTokensDetails": [{ "modality": "TEXT", "tokenCount": self.prompt_tokens }],
        });
        // Protobuf's JSON omits zeros, and so does Google.
        if self.reply_tokens > 0 {
            usage["candidatesTokenCount"] = json!(self.reply_tokens);
        }
        if thoughts > 0 {
            usage["thoughtsTokenCount"] = json!(thoughts);
        }
        json!({ "usageMetadata": usage, "modelVersion": self.model, "responseId": self.response_id })
    }
}
