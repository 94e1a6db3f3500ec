//! The client: one connection pool for the life of the process, answers read piece by piece.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::{Client, Response};
use shared::config::{ConfigError, Env};
use shared::tls;
use tokio::time::Instant;

use super::error::Failure;
use super::progress::{Progress, Said};
use super::request::{Body, Request};
use super::sse::Events;

/// More than the longest answer of any model, with room for the JSON around the text.
const LARGEST_ANSWER: usize = 4 * 1024 * 1024;
const LARGEST_ERROR: usize = 64 * 1024;
/// How long the connection is still read after a reason to stop: there are reasons that more text follows.
const LINGER: Duration = Duration::from_secs(3);
/// So many attempts may find the model overloaded before the fallback is asked.
const MOST_OVERLOADS: i64 = 2;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

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
    /// By when something of an answer must arrive.
    first_token: Duration,
    /// How long nothing may arrive from then on.
    silence: Duration,
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
            first_token: env.seconds("GEMINI_FIRST_TOKEN_SECONDS", 45)?,
            silence: env.seconds("GEMINI_SILENCE_SECONDS", 15)?,
        })))
    }

    /// By when something of an answer must arrive.
    pub fn first_token(&self) -> Duration {
        self.0.first_token
    }

    /// Asks the model, and reads the answer into `progress` as it arrives; `show` is called whenever that has changed.
    /// After two `overloads` the fallback is asked first. A model that does not exist is replaced by the other one.
    pub async fn generate(
        &self,
        request: &Request,
        overloads: i64,
        progress: &mut Progress,
        show: &impl Fn(&Progress),
    ) -> Result<(), Failure> {
        let (first, second) = match &self.0.fallback {
            Some(fallback) if overloads >= MOST_OVERLOADS => (fallback, Some(&self.0.model)),
            fallback => (&self.0.model, fallback.as_ref()),
        };
        match (self.stream(first, request, progress, show).await, second) {
            (Err(Failure::NoSuchModel), Some(second)) => {
                tracing::error!(model = %first, "the model does not exist; the other one is asked");
                self.stream(second, request, progress, show).await
            }
            (result, _) => result,
        }
    }

    /// Asks a model, with its own signatures of earlier thoughts. Google refuses them if the key or the model behind a
    /// name has changed meanwhile. They are not needed: then it is asked again without them.
    async fn stream(
        &self,
        model: &str,
        request: &Request,
        progress: &mut Progress,
        show: &impl Fn(&Progress),
    ) -> Result<(), Failure> {
        match self.ask(model, request.body(Some(model)), progress, show).await {
            Err(failure @ Failure::Refused(400, _)) if request.is_signed_by(model) => {
                tracing::warn!(model, %failure, "asked again without thought signatures");
                self.ask(model, request.body(None), progress, show).await
            }
            result => result,
        }
    }

    async fn ask(
        &self,
        model: &str,
        body: Body<'_>,
        progress: &mut Progress,
        show: &impl Fn(&Progress),
    ) -> Result<(), Failure> {
        *progress = Progress::of(model);
        show(progress);
        let until = Instant::now() + self.0.first_token;
        let url = format!("{}/v1beta/models/{model}:streamGenerateContent?alt=sse", self.0.base);
        let call = self.http()?.post(url).header("x-goog-api-key", &self.0.key).json(&body);
        let mut response = within(until, call.send()).await?;
        let status = response.status();
        if !status.is_success() {
            let body = error_body(&mut response, until).await;
            return Err(Failure::of(status.as_u16(), response.headers(), &body));
        }
        match self.read(&mut response, until, progress, show).await {
            // Nothing that happens after the end takes back what has arrived.
            Err(failure) if progress.has_ended => {
                tracing::info!(%failure, "after the end of an answer");
                Ok(())
            }
            result => result,
        }
    }

    /// Reads an answer, of which something must arrive by `until`.
    async fn read(
        &self,
        response: &mut Response,
        mut until: Instant,
        progress: &mut Progress,
        show: &impl Fn(&Progress),
    ) -> Result<(), Failure> {
        let (mut events, mut size) = (Events::default(), 0);
        while let Some(piece) = within(until, response.chunk()).await? {
            size += piece.len();
            for event in events.push(&piece) {
                let said = progress.take(&event)?;
                show(progress);
                match said {
                    Said::Nothing => {}
                    Said::More => until = Instant::now() + self.0.silence,
                    Said::Ended => until = Instant::now() + LINGER,
                    Said::Done => return complete(progress),
                }
            }
            progress.too_large |= size > LARGEST_ANSWER;
            if progress.too_large {
                return Ok(());
            }
        }
        if let Some(event) = events.finish() {
            progress.take(&event)?;
            show(progress);
        }
        complete(progress)
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

fn complete(progress: &Progress) -> Result<(), Failure> {
    if progress.has_ended { Ok(()) } else { Err(Failure::Garbled("the stream ended before the answer did")) }
}

/// Waits for Google, but not beyond `until`.
async fn within<T>(until: Instant, work: impl Future<Output = reqwest::Result<T>>) -> Result<T, Failure> {
    match tokio::time::timeout_at(until, work).await {
        Ok(done) => done.map_err(|error| unreachable(&error)),
        Err(_) => Err(Failure::Silent),
    }
}

async fn error_body(response: &mut Response, until: Instant) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(piece)) = within(until, response.chunk()).await {
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
