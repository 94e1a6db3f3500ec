//! Google's Gemini API: `streamGenerateContent`, read as it arrives.
//! Source: <https://ai.google.dev/api/generate-content>.

mod client;
mod error;
mod sse;
mod wire;

pub use client::{Gemini, Progress};
pub use error::Failure;
pub use wire::{Content, Request};
