//! `GET /docs` and `GET /openapi.json`: the contract for people and programs, if the deployment enables it.

use axum::Router;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;

const DOCUMENT: &str = include_str!("../../../docs/openapi.json");
const PAGE: &str = include_str!("../assets/docs.html");
const START: &str = include_str!("../assets/docs.js");
const SCRIPT: &str = include_str!("../assets/swagger-ui-bundle.js");
const STYLE: &str = include_str!("../assets/swagger-ui.css");

/// What the page may do: run its own script and styles, show its own pictures, and call the API that it documents.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The page, the files that it loads, and the document. They are not part of the contract.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let page = async || ([(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, POLICY)], PAGE);
    Router::new()
        .route("/docs", get(page))
        .route("/docs/docs.js", get(async || file("text/javascript", START)))
        .route("/docs/swagger-ui-bundle.js", get(async || file("text/javascript", SCRIPT)))
        .route("/docs/swagger-ui.css", get(async || file("text/css", STYLE)))
        .route("/openapi.json", get(async || file("application/json", DOCUMENT)))
}

fn file(kind: &'static str, text: &'static str) -> impl IntoResponse {
    ([(CONTENT_TYPE, kind)], text)
}
