//! `GET /`: what there is, for a person who opens the API's address.

use axum::Router;
use axum::response::Html;
use axum::routing::get;

const BEGINNING: &str = "<!doctype html><html lang=en><meta charset=utf-8>\
    <meta name=viewport content=\"width=device-width\"><title>Chat backend</title><h1>Chat backend</h1>\
    <p>This is an API: sign-in by a code, chatrooms answered by Gemini, a plan by Stripe.<ul>";
/// The links are relative, for the API may be below another path: its address needs the slash at its end.
const SLASH: &str = "<script>location.pathname.endsWith('/') || location.replace(location.pathname + '/')</script>";
const HEALTH: &str = "<li><a href=health>health</a>: whether it works";
const PROBLEMS: &str = "<li><a href=problems>problems</a>: every code of a refusal, with its cause and remedy";
const DOCS: &str = "<li><a href=docs>docs</a>: every endpoint, to be tried in the browser\
    <li><a href=openapi.json>openapi.json</a>: the same for programs (OpenAPI)";

/// The page. It is not part of the contract; it names the contract only where the deployment shows it.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(shows_docs: bool) -> Router<S> {
    let page = [BEGINNING, HEALTH, PROBLEMS, if shows_docs { DOCS } else { "" }, "</ul>", SLASH].concat();
    Router::new().route("/", get(async || Html(page)))
}
