//! The part of an answer that has been read.

use serde_json::Value;
use shared::domain::{ThoughtSignature, Usage};

use super::error::Failure;
use super::lenient::{self, Reason};
use super::wire::{Chunk, Counts};

/// What marks the end of a stream in some dialects of server-sent events.
const DONE: &str = "[DONE]";
/// The longest text that is kept, in bytes: more than the 65,536 tokens that a model writes at most.
const LARGEST_TEXT: usize = 512 * 1024;

/// The part of an answer that has been read.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The text so far.
    pub text: String,
    /// The model that was asked.
    pub asked: String,
    /// The model that answers, as it calls itself.
    pub model: Option<String>,
    /// What it thought, sealed by it. Google gives one with the last part; if there are more, the last one counts.
    pub signature: Option<ThoughtSignature>,
    /// Why it stopped.
    pub finish_reason: Option<String>,
    /// Why the prompt was refused.
    pub block_reason: Option<String>,
    /// The tokens so far.
    pub usage: Usage,
    /// Whether anything of an answer has arrived, if only thoughts.
    pub has_begun: bool,
    /// Whether the answer was too large: the rest is neither read nor kept.
    pub too_large: bool,
    /// Whether a reason to stop has arrived, even one that cannot be read. More may follow.
    pub has_ended: bool,
}

/// What an event adds to an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// Neither text nor thoughts.
    Nothing,
    /// Text or thoughts.
    More,
    /// A reason to stop.
    Ended,
    /// The stream has no more events.
    Done,
}

impl Progress {
    /// An answer of `model` that has not begun.
    pub(super) fn of(model: &str) -> Self {
        Self { asked: model.to_owned(), model: Some(model.to_owned()), ..Self::default() }
    }

    /// Whether there is no text to show.
    pub fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Reads one event of the stream.
    pub(super) fn take(&mut self, event: &[u8]) -> Result<Said, Failure> {
        let event = String::from_utf8_lossy(event);
        if event.trim() == DONE {
            return Ok(Said::Done);
        }
        let event: Value = lenient::json(&event).ok_or(Failure::Garbled("a chunk is not JSON"))?;
        if let Some(failure) = Failure::in_stream(&event) {
            return Err(failure);
        }
        self.has_begun = true;
        Ok(self.add(serde_json::from_value(event).unwrap_or_default()))
    }

    fn add(&mut self, chunk: Chunk) -> Said {
        let mut said = Said::Nothing;
        let candidate = chunk.candidates.into_iter().next().unwrap_or_default();
        for part in candidate.content.parts {
            if !part.text.is_empty() {
                said = Said::More;
            }
            if !part.thought {
                self.write(&part.text, part.signature);
            }
        }
        self.model = chunk.model_version.or(self.model.take());
        self.count(&chunk.usage_metadata);
        let finished = ends(candidate.finish_reason, &mut self.finish_reason);
        let blocked = ends(chunk.prompt_feedback.block_reason, &mut self.block_reason);
        self.has_ended |= finished || blocked;
        if finished || blocked { Said::Ended } else { said }
    }

    /// Adds to the text, as far as it may grow.
    fn write(&mut self, text: &str, sealed: Option<String>) {
        let from = self.text.len();
        let fits = text.floor_char_boundary(LARGEST_TEXT.saturating_sub(self.text.len()));
        self.too_large |= fits < text.len();
        self.text.push_str(&text[..fits]);
        if let Some(sealed) = sealed {
            let model = self.asked.clone();
            self.signature = Some(ThoughtSignature { model, sealed, from, to: self.text.len() });
        }
    }

    /// Each chunk has the sums so far; a sum that a chunk leaves out stays.
    fn count(&mut self, counts: &Counts) {
        let usage = &mut self.usage;
        usage.prompt = counts.prompt.or(usage.prompt);
        usage.reply = counts.reply.or(usage.reply);
        usage.thought = counts.thought.or(usage.thought);
        usage.cached = counts.cached.or(usage.cached);
        usage.tool = counts.tool.or(usage.tool);
    }
}

/// Keeps a reason if there is one, and returns whether there is.
fn ends(reason: Reason, kept: &mut Option<String>) -> bool {
    match reason {
        Reason::None => false,
        Reason::Unreadable => true,
        Reason::Named(name) => {
            *kept = Some(name);
            true
        }
    }
}
