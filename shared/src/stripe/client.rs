//! Calls to Stripe's API: one version, bounded in time, retried under the same idempotency key.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::{Client, Method, RequestBuilder, Url};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::StripeError;
use crate::config::{ConfigError, Env};
use crate::tls;

/// The version of Stripe's API that this code is written for. It is sent with every call; webhook endpoints must be
/// created with the same version.
const API_VERSION: &str = "2026-09-30.endive";

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// The timeout of one attempt. No attempt begins after this time either, so a call ends within twice this time.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The pauses before the second and the third attempt.
const PAUSES: [Duration; 2] = [Duration::from_millis(150), Duration::from_millis(600)];

/// Stripe's API. The client opens no connection before its first call; cloning is cheap.
#[derive(Clone)]
pub struct Stripe(Arc<Inner>);

struct Inner {
    base: Url,
    key: String,
    client: Client,
}

impl std::fmt::Debug for Stripe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stripe({})", self.0.base)
    }
}

impl Stripe {
    /// Reads `STRIPE_SECRET_KEY` and `STRIPE_API_BASE` (`https://api.stripe.com`).
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let base = env.optional("STRIPE_API_BASE").unwrap_or_else(|| "https://api.stripe.com".into());
        let base = Url::parse(&base).ok().filter(|url| !url.cannot_be_a_base());
        let base = base.ok_or_else(|| ConfigError::new("STRIPE_API_BASE", "is not a valid URL"))?;
        let client = Client::builder()
            .tls_backend_preconfigured(tls::public())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| ConfigError::new("STRIPE_API_BASE", error.to_string()))?;
        Ok(Self(Arc::new(Inner { base, key: env.required("STRIPE_SECRET_KEY")?, client })))
    }

    /// Reads `path`, its segments one by one.
    pub async fn get<T: DeserializeOwned>(&self, path: &[&str], query: &[(&str, &str)]) -> Result<T, StripeError> {
        let mut url = self.url(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.call(|| self.request(Method::GET, url.clone())).await
    }

    /// Posts a form. `operation` is the base of the idempotency key: within a day, the same operation with the same
    /// form is done once, however often it is posted. A changed form is another operation, not an error.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &[&str],
        form: &[(&str, &str)],
        operation: &str,
    ) -> Result<T, StripeError> {
        let url = self.url(path);
        let mut digest = Sha256::new();
        for part in path.iter().chain(form.iter().flat_map(|(name, value)| [name, value])) {
            digest.update(part);
            digest.update([0]);
        }
        let digest = digest.finalize().iter().take(8).fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        let key = format!("{operation}-{digest}");
        self.call(|| self.request(Method::POST, url.clone()).header("idempotency-key", &key).form(form)).await
    }

    /// Deletes an object. This is idempotent: if the first answer was lost, the object is missing at the second call.
    pub async fn delete<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, StripeError> {
        let url = self.url(path);
        self.call(|| self.request(Method::DELETE, url.clone())).await
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.0.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("v1").extend(path);
        }
        url
    }

    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.0.client.request(method, url).bearer_auth(&self.0.key).header("stripe-version", API_VERSION)
    }

    async fn call<T: DeserializeOwned>(&self, request: impl Fn() -> RequestBuilder) -> Result<T, StripeError> {
        let began = Instant::now();
        let mut pauses = PAUSES.iter();
        loop {
            let (again, error) = match attempt(request()).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            let Some(pause) = pauses.next().filter(|_| again && began.elapsed() < TIMEOUT) else { return Err(error) };
            tracing::warn!(%error, "a call to Stripe is retried");
            tokio::time::sleep(*pause).await;
        }
    }
}

/// One attempt. An error says whether a retry may help: Stripe's header decides if it is sent, else the status.
/// Source: <https://docs.stripe.com/error-low-level>.
async fn attempt<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, (bool, StripeError)> {
    let silent = |error: reqwest::Error| (true, StripeError::Silent(error.without_url().to_string()));
    let response = request.send().await.map_err(silent)?;
    let status = response.status().as_u16();
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let request = header("request-id").to_owned();
    let again = match header("stripe-should-retry") {
        "true" => true,
        "false" => false,
        _ => matches!(status, 409 | 429) || status >= 500,
    };
    let body = response.bytes().await.map_err(silent)?;
    if (200..300).contains(&status) {
        return serde_json::from_slice(&body)
            .map_err(|error| (false, StripeError::Unreadable(format!("{error} (request {request})"))));
    }
    Err((again, StripeError::answered(status, &body, request)))
}
