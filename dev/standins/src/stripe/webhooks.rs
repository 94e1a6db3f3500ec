//! Sends events to the endpoint: signed, in the background, retried until they are accepted.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;
use uuid::Uuid;

use super::deliveries::{Attempt, Deliveries, State};
use super::sign::sign_all;
use crate::admin::lock;
use crate::clock;

/// Pauses between attempts: about two minutes in total.
const BACKOFF_SECONDS: &[u64] = &[1, 2, 4, 8, 15, 30, 60];
/// How long an endpoint may take.
const TIMEOUT: Duration = Duration::from_secs(20);
/// When shuffling, events within this time are mixed.
const SHUFFLE_WINDOW: Duration = Duration::from_millis(300);

/// What happens to new events.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mode {
    /// Sent in order: the first attempt of each event follows the first attempt of the one before.
    #[default]
    Deliver,
    /// Held until an admin call sends them.
    Hold,
    /// Lost.
    Drop,
    /// Sent twice.
    Duplicate,
}

/// Where and how events are sent.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Endpoint {
    pub(super) url: Option<String>,
    #[serde(skip)]
    pub(super) secrets: Vec<String>,
    pub(super) mode: Mode,
    /// Whether the endpoint gets thin events.
    pub(super) thin: bool,
    /// Whether events are sent concurrently and in random order.
    pub(super) shuffle: bool,
}

/// A webhook endpoint that was made by the API.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) url: String,
    pub(super) secret: String,
}

/// An event, and the endpoints made by the API that get it.
pub(super) struct Outgoing {
    pub(super) event: Value,
    pub(super) endpoints: Vec<Target>,
}

/// The sender of webhooks.
#[derive(Clone)]
pub(super) struct Webhooks {
    pub(super) endpoint: Arc<Mutex<Endpoint>>,
    pub(super) deliveries: Deliveries,
    client: reqwest::Client,
}

impl Webhooks {
    /// A sender to `url`, signing with `secrets`.
    pub(super) fn new(url: Option<String>, secrets: Vec<String>) -> Self {
        let endpoint = Endpoint { url, secrets, mode: Mode::Deliver, thin: false, shuffle: false };
        Self { endpoint: Arc::new(Mutex::new(endpoint)), deliveries: Deliveries::default(), client: client() }
    }

    /// Sends events as they happen, until the account is dropped.
    pub(super) async fn run(self, mut events: UnboundedReceiver<Outgoing>) {
        while let Some(event) = events.recv().await {
            let mut batch = vec![event];
            if lock(&self.endpoint).shuffle {
                tokio::time::sleep(SHUFFLE_WINDOW).await;
                while let Ok(event) = events.try_recv() {
                    batch.push(event);
                }
            }
            self.take(batch).await;
        }
    }

    async fn take(&self, batch: Vec<Outgoing>) {
        let Endpoint { url, mode, shuffle, .. } = lock(&self.endpoint).clone();
        let mut due = Vec::new();
        for Outgoing { event, endpoints } in batch {
            let state = match mode {
                Mode::Drop => State::Dropped,
                Mode::Hold => State::Held,
                Mode::Deliver | Mode::Duplicate if url.is_none() && endpoints.is_empty() => State::Held,
                Mode::Deliver | Mode::Duplicate => State::Pending,
            };
            let own = (url.is_some() || endpoints.is_empty()).then_some(None);
            for target in own.into_iter().chain(endpoints.into_iter().map(Some)) {
                let times = if mode == Mode::Duplicate && state == State::Pending { 2 } else { 1 };
                let added = (0..times).map(|_| self.deliveries.add(&event, target.clone(), state));
                due.extend(added.filter(|_| state == State::Pending));
            }
        }
        if shuffle {
            due.sort_by_cached_key(|_| Uuid::new_v4());
            join_all(due.into_iter().map(|delivery| self.first_attempt(delivery))).await;
        } else {
            for delivery in due {
                self.first_attempt(delivery).await;
            }
        }
    }

    /// Sends a delivery once; if it is not accepted, the retries happen in the background.
    async fn first_attempt(&self, delivery: usize) {
        if !self.attempt(delivery).await {
            tokio::spawn(self.clone().retry(delivery));
        }
    }

    async fn retry(self, delivery: usize) {
        for seconds in BACKOFF_SECONDS {
            tokio::time::sleep(Duration::from_secs(*seconds)).await;
            if self.attempt(delivery).await {
                return;
            }
        }
        self.deliveries.set(delivery, State::Failed);
    }

    /// Sends a delivery now and returns whether it was accepted. A delivery that no longer exists counts as accepted.
    pub(super) async fn attempt(&self, delivery: usize) -> bool {
        let Some((event, target)) = self.deliveries.event(delivery) else { return true };
        let Endpoint { url, secrets, thin, .. } = lock(&self.endpoint).clone();
        let (Some(url), secrets, thin) = (match target {
            Some(Target { url, secret }) => (Some(url), vec![secret], false),
            None => (url, secrets, thin),
        }) else {
            return false;
        };
        let event = if thin { super::thin(&event) } else { event };
        let payload = serde_json::to_string_pretty(&event).unwrap_or_default();
        let header = sign_all(payload.as_bytes(), &secrets, clock::unix_now());
        let (at, began) = (clock::rfc3339_now(), Instant::now());
        let sent = self
            .client
            .post(&url)
            .header("content-type", "application/json; charset=utf-8")
            .header("user-agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
            .header("stripe-signature", header)
            .body(payload)
            .send()
            .await;
        let (status, error) = match sent {
            Ok(response) => (Some(response.status().as_u16()), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let taken = status.is_some_and(|status| (200..300).contains(&status));
        self.deliveries.attempted(delivery, Attempt { at, url, status, error, millis }, taken);
        taken
    }
}

/// A client that trusts the public CAs, for endpoints behind a tunnel. A redirect is a failure, as at Stripe.
fn client() -> reqwest::Client {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map(|builder| builder.with_root_certificates(roots).with_no_client_auth());
    let mut builder =
        reqwest::Client::builder().timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none()).no_proxy();
    if let Ok(tls) = tls {
        builder = builder.tls_backend_preconfigured(tls);
    }
    builder.build().unwrap_or_default()
}
