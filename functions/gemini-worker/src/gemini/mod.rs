//! Google's Gemini API: `streamGenerateContent`, read as it arrives.
//! Source: <https://ai.google.dev/api/generate-content>.

mod client;
mod error;
mod lenient;
mod pause;
mod progress;
mod request;
mod sse;
mod wire;

pub use client::Gemini;
pub use error::Failure;
pub use progress::Progress;
pub use request::{Content, Request, ThinkingLevel};
