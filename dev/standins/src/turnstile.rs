//! A stand-in for Cloudflare's Turnstile: `POST /turnstile/v0/siteverify`.
//!
//! A token that begins with `person` is valid once. Source of the answers and of the secrets for tests:
//! <https://developers.cloudflare.com/turnstile/get-started/server-side-validation/>.

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::ToSocketAddrs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::admin::{Refused, lock, read};
use crate::home;
use crate::server::Server;

/// Cloudflare's limit of a token.
const LONGEST_TOKEN: usize = 2048;

/// A running Turnstile stand-in; dropping it stops it.
pub struct Turnstile {
    server: Server,
    app: App,
}

impl Turnstile {
    /// Starts it on `addr`; port 0 picks a free port.
    pub fn start(addr: impl ToSocketAddrs) -> io::Result<Self> {
        let app = App::default();
        let shared = app.clone();
        Ok(Self { server: Server::start(addr, |_| router(shared))?, app })
    }

    /// Scheme, host and port, for `TURNSTILE_BASE_URL`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// How often it was asked.
    pub fn calls(&self) -> usize {
        lock(&self.app).calls
    }

    /// Makes every answer fail until `None` is set.
    pub fn fail(&self, fault: Option<Fault>) {
        lock(&self.app).fault = fault;
    }
}

/// How an answer fails.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// 500, with a page instead of JSON.
    Broken,
    /// The error `internal-error`.
    InternalError,
    /// It never answers.
    Hang,
    /// 50 MB.
    Huge,
}

#[derive(Debug, Default)]
struct Inner {
    calls: usize,
    fault: Option<Fault>,
    spent: HashSet<String>,
}

type App = Arc<Mutex<Inner>>;

fn router(app: App) -> Router {
    Router::new()
        .route("/", get(async || home::page("Turnstile", &["/admin/calls"])))
        .route("/turnstile/v0/siteverify", post(verify))
        .route("/admin/fault", post(set_fault))
        .route("/admin/calls", get(calls))
        .with_state(app)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetFault {
    fault: Option<Fault>,
}

async fn set_fault(State(app): State<App>, body: Bytes) -> Result<StatusCode, Refused> {
    lock(&app).fault = read::<SetFault>(&body)?.fault;
    Ok(StatusCode::NO_CONTENT)
}

async fn calls(State(app): State<App>) -> Json<Value> {
    Json(json!({ "calls": lock(&app).calls }))
}

async fn verify(State(app): State<App>, body: Bytes) -> Response {
    let fault = {
        let mut inner = lock(&app);
        inner.calls += 1;
        inner.fault
    };
    match fault {
        Some(Fault::Broken) => (StatusCode::INTERNAL_SERVER_ERROR, "<h1>Error 1101</h1>").into_response(),
        Some(Fault::InternalError) => refused("internal-error"),
        Some(Fault::Hang) => {
            tokio::time::sleep(Duration::from_mins(5)).await;
            StatusCode::GATEWAY_TIMEOUT.into_response()
        }
        Some(Fault::Huge) => vec![b' '; 50 * 1024 * 1024].into_response(),
        None => judge(&mut lock(&app), &fields(&body)),
    }
}

/// The fields of a form or of a JSON object.
fn fields(body: &[u8]) -> HashMap<String, String> {
    serde_json::from_slice(body).unwrap_or_else(|_| {
        let pairs = std::str::from_utf8(body).unwrap_or_default().split('&');
        pairs.filter_map(|pair| pair.split_once('=')).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    })
}

fn judge(inner: &mut Inner, fields: &HashMap<String, String>) -> Response {
    let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    let (secret, token) = (field("secret"), field("response"));
    match (secret, token) {
        ("", _) => refused("missing-input-secret"),
        (_, "") => refused("missing-input-response"),
        _ if !secret.contains("x0000") => refused("invalid-input-secret"),
        _ if secret.starts_with("2x") || token.len() > LONGEST_TOKEN => refused("invalid-input-response"),
        _ if !secret.starts_with("1x") && !token.starts_with("person") => refused("invalid-input-response"),
        _ if !inner.spent.insert(token.to_owned()) => refused("timeout-or-duplicate"),
        _ => Json(json!({
            "success": true, "challenge_ts": "2026-11-23T12:00:00.000Z", "hostname": "app.example", "error-codes": [],
            "action": "code", "cdata": "",
        }))
        .into_response(),
    }
}

fn refused(error: &str) -> Response {
    Json(json!({ "success": false, "error-codes": [error], "messages": [] })).into_response()
}
