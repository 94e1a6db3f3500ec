//! The client: one connection pool for the life of the process, answers read piece by piece.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::{Client, Response};
use shared::config::{ConfigError, Env};
use shared::tls;

use super::error::Failure;
use super::sse::Events;
use super::wire::{Chunk, Request};

/// More than the longest answer of any model, with room for the JSON around the text.
const LARGEST_ANSWER: usize = 4 * 1024 * 1024;
const LARGEST_ERROR: usize = 64 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The part of an answer that has been read.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The text so far.
    pub text: String,
    /// The model that answers, as it calls itself.
    pub model: Option<String>,
    /// Why it stopped.
    pub finish_reason: Option<String>,
    /// Why the prompt was refused.
    pub block_reason: Option<String>,
    /// Tokens of the prompt.
    pub prompt_tokens: Option<i32>,
    /// Tokens of the answer, without thoughts.
    pub reply_tokens: Option<i32>,
    /// Whether the answer was too large and was not read to its end.
    pub too_large: bool,
}

/// Gemini. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Gemini(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    http: OnceLock<Client>,
    base: String,
    key: String,
    model: String,
    fallback: Option<String>,
}

impl Gemini {
    /// Reads the `GEMINI_…` variables.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let base =
            env.optional("GEMINI_BASE_URL").unwrap_or_else(|| "https://generativelanguage.googleapis.com".into());
        Ok(Self(Arc::new(Inner {
            http: OnceLock::new(),
            base: base.trim_end_matches('/').to_owned(),
            key: env.required("GEMINI_API_KEY")?,
            model: env.optional("GEMINI_MODEL").unwrap_or_else(|| "gemini-flash-latest".into()),
            fallback: env.optional("GEMINI_FALLBACK_MODEL"),
        })))
    }

    /// Asks the model, or the fallback if that model does not exist, and reads the answer into `progress` as it
    /// arrives.
    pub async fn generate(&self, request: &Request, progress: &mut Progress) -> Result<(), Failure> {
        match (self.stream(&self.0.model, request, progress).await, &self.0.fallback) {
            (Err(Failure::NoSuchModel), Some(fallback)) => self.stream(fallback, request, progress).await,
            (result, _) => result,
        }
    }

    async fn stream(&self, model: &str, request: &Request, progress: &mut Progress) -> Result<(), Failure> {
        *progress = Progress { model: Some(model.to_owned()), ..Progress::default() };
        let url = format!("{}/v1beta/models/{model}:streamGenerateContent?alt=sse", self.0.base);
        let call = self.http()?.post(url).header("x-goog-api-key", &self.0.key).json(request);
        let mut response = call.send().await.map_err(|error| unreachable(&error))?;
        let status = response.status();
        if !status.is_success() {
            return Err(Failure::of(status.as_u16(), &error_body(&mut response).await));
        }
        let (mut events, mut size) = (Events::default(), 0);
        while let Some(piece) = response.chunk().await.map_err(|error| unreachable(&error))? {
            size += piece.len();
            for event in events.push(&piece) {
                progress.take(&event)?;
            }
            if size > LARGEST_ANSWER {
                progress.too_large = true;
                return Ok(());
            }
        }
        if let Some(event) = events.finish() {
            progress.take(&event)?;
        }
        if progress.finish_reason.is_none() && progress.block_reason.is_none() {
            return Err(Failure::Garbled("the stream ended before the answer did"));
        }
        Ok(())
    }

    fn http(&self) -> Result<&Client, Failure> {
        if let Some(client) = self.0.http.get() {
            return Ok(client);
        }
        let client = Client::builder()
            .tls_backend_preconfigured(tls::public())
            .connect_timeout(CONNECT_TIMEOUT)
            .build()
            .map_err(|error| unreachable(&error))?;
        Ok(self.0.http.get_or_init(|| client))
    }
}

impl Progress {
    /// Reads one event of the stream.
    fn take(&mut self, event: &[u8]) -> Result<(), Failure> {
        if let Some(failure) = Failure::in_stream(event) {
            return Err(failure);
        }
        let chunk: Chunk = serde_json::from_slice(event).map_err(|_| Failure::Garbled("a chunk is not JSON"))?;
        if let Some(candidate) = chunk.candidates.into_iter().next() {
            for part in candidate.content.unwrap_or_default().parts {
                if !part.thought {
                    self.text.push_str(&part.text);
                }
            }
            self.finish_reason = candidate.finish_reason.or(self.finish_reason.take());
        }
        self.block_reason =
            chunk.prompt_feedback.and_then(|feedback| feedback.block_reason).or(self.block_reason.take());
        self.model = chunk.model_version.or(self.model.take());
        if let Some(usage) = chunk.usage_metadata {
            self.prompt_tokens = usage.prompt_token_count.or(self.prompt_tokens);
            self.reply_tokens = usage.candidates_token_count.or(self.reply_tokens);
        }
        Ok(())
    }
}

async fn error_body(response: &mut Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(piece)) = response.chunk().await {
        body.extend_from_slice(&piece);
        if body.len() > LARGEST_ERROR {
            break;
        }
    }
    body
}

/// The kind of transport error. The URL is left out, since it could hold a key.
fn unreachable(error: &reqwest::Error) -> Failure {
    let kind = match error {
        error if error.is_timeout() => "timed out",
        error if error.is_connect() => "no connection",
        _ => "broken off",
    };
    Failure::Unreachable(kind.to_owned())
}
