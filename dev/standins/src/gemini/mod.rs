//! A stand-in for Google's Gemini API: `generateContent`, `streamGenerateContent`, `countTokens` and `models`.
//!
//! `request` checks the request, `fault` decides which faults apply, `answer` writes the reply,
//! `stream` sends it in pieces, `google_error` has Google's error bodies, `calls` is the log of calls, `models` has the models, `count` counts tokens.

mod admin;
mod answer;
mod calls;
mod count;
mod fault;
mod generate;
mod google_error;
mod models;
mod request;
mod signature;
mod stream;

use std::io;
use std::net::ToSocketAddrs;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::home;
use crate::server::Server;
use calls::Calls;
use fault::Faults;

/// Google's limit for an inline request.
const MAX_BODY_BYTES: usize = 20 * 1024 * 1024;

/// A running Gemini stand-in; dropping it stops it.
pub struct Gemini {
    server: Server,
}

impl Gemini {
    /// Starts it on `addr`; port 0 picks a free port.
    pub fn start(addr: impl ToSocketAddrs) -> io::Result<Self> {
        let server = Server::start(addr, |_| router(App::default()))?;
        Ok(Self { server })
    }

    /// Scheme, host and port, for `GEMINI_BASE_URL`.
    pub fn url(&self) -> String {
        self.server.url()
    }
}

/// The state that all handlers share.
#[derive(Clone, Default)]
pub(crate) struct App {
    calls: Calls,
    faults: Arc<Mutex<Faults>>,
}

fn router(app: App) -> Router {
    Router::new()
        .route("/", get(async || home::page("Gemini", &["/admin/calls"])))
        .route("/v1beta/models", get(models::list))
        .route("/v1beta/models/{call}", get(models::get).post(generate::generate))
        .route("/admin/next", post(admin::next))
        .route("/admin/calls", get(admin::calls))
        .route("/admin/reset", post(admin::reset))
        .fallback(generate::unknown_path)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(app)
}
