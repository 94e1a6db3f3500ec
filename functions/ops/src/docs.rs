//! `GET /docs` and `GET /openapi.json`: the contract for people and programs, if the deployment enables it.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, LOCATION};
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get};
use shared::http::entity_tag;

const DOCUMENT: &str = include_str!("../../../docs/openapi.json");
const PAGE: &str = include_str!("../assets/docs.html");
const START: &str = include_str!("../assets/docs.js");
const SCRIPT: &str = include_str!("../assets/swagger-ui-bundle.js");
const STYLE: &str = include_str!("../assets/swagger-ui.css");

/// What the page may do: run its own script and styles, show its own pictures, and call the API that it documents.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// How long a copy is used without asking. Only a deployment changes these files.
const KEPT: &str = "public, max-age=300";

/// The page, the files that it loads, and the document. They are not part of the contract.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let page = async || ([(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, POLICY)], PAGE);
    Router::new()
        .route("/docs", get(page))
        // The page's files are named relative to an address without the slash.
        .route("/docs/", get(async || (StatusCode::PERMANENT_REDIRECT, [(LOCATION, "/docs")])))
        .route("/docs/docs.js", file("text/javascript", START))
        .route("/docs/swagger-ui-bundle.js", file("text/javascript", SCRIPT))
        .route("/docs/swagger-ui.css", file("text/css", STYLE))
        .route("/openapi.json", file("application/json", DOCUMENT))
}

/// A file that clients may keep and revalidate.
fn file<S: Clone + Send + Sync + 'static>(kind: &'static str, text: &'static str) -> MethodRouter<S> {
    // At the first request for it: no start waits for the hash of a megabyte.
    let tag = Arc::new(LazyLock::new(|| entity_tag(text.as_bytes())));
    get(async move || ([(CONTENT_TYPE, kind), (CACHE_CONTROL, KEPT), (ETAG, tag.as_str())], text).into_response())
}
