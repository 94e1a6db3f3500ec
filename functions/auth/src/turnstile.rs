//! Cloudflare's Turnstile. <https://developers.cloudflare.com/turnstile/get-started/server-side-validation/>

use std::time::Duration;

use reqwest::Client;
use serde::Deserialize;
use shared::config::{ConfigError, Env};
use shared::tls;

const BASE: &str = "https://challenges.cloudflare.com";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// The timeout of the whole call.
const TIMEOUT: Duration = Duration::from_secs(3);
/// Cloudflare's limit. A longer token is not sent.
const LONGEST_TOKEN: usize = 2048;
const LARGEST_ANSWER: usize = 16 * 1024;
/// Errors that say nothing about the token: Cloudflare is broken, or our secret is wrong.
const NOT_OF_THE_TOKEN: [&str; 3] = ["internal-error", "missing-input-secret", "invalid-input-secret"];

#[derive(Debug)]
pub(crate) struct Turnstile {
    client: Client,
    url: String,
    secret: String,
}

#[derive(Debug, Deserialize)]
struct Verdict {
    success: bool,
    #[serde(rename = "error-codes", default)]
    errors: Vec<String>,
}

impl Turnstile {
    /// Reads `TURNSTILE_SECRET_KEY` and `TURNSTILE_BASE_URL`. `None` without a secret.
    pub(crate) fn from_env(env: &Env) -> Result<Option<Self>, ConfigError> {
        let base = env.optional("TURNSTILE_BASE_URL").unwrap_or_else(|| BASE.into());
        let Some(secret) = env.optional("TURNSTILE_SECRET_KEY") else { return Ok(None) };
        let client = Client::builder()
            .tls_backend_preconfigured(tls::public())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| ConfigError::new("TURNSTILE_BASE_URL", error.to_string()))?;
        let url = format!("{}/turnstile/v0/siteverify", base.trim_end_matches('/'));
        Ok(Some(Self { client, url, secret }))
    }

    /// Whether a person got `token`. An error says why Cloudflare cannot tell. The address is not sent: the check does
    /// not need it, and we know no more of it than its network.
    pub(crate) async fn is_person(&self, token: &str) -> Result<bool, String> {
        if token.is_empty() || token.len() > LONGEST_TOKEN {
            return Ok(false);
        }
        let form = [("secret", self.secret.as_str()), ("response", token)];
        let silent = |error: reqwest::Error| error.without_url().to_string();
        let mut response = self.client.post(&self.url).form(&form).send().await.map_err(silent)?;
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(silent)? {
            body.extend_from_slice(&piece);
            if body.len() > LARGEST_ANSWER {
                return Err("its answer is too large".into());
            }
        }
        let status = response.status();
        let verdict: Verdict = serde_json::from_slice(&body).map_err(|_| format!("{status}, and not its format"))?;
        match verdict.errors.iter().find(|error| NOT_OF_THE_TOKEN.contains(&error.as_str())) {
            Some(error) => Err(format!("{status} {error}")),
            None => Ok(verdict.success && status.is_success()),
        }
    }
}
