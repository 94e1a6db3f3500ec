//! The pages that a person sees: the payment page, the portal, and a return page. Plain HTML, no scripts.

pub(super) mod checkout;
pub(super) mod done;
pub(super) mod portal;

use axum::response::{Html, IntoResponse, Redirect, Response};
use http::StatusCode;
use serde_json::Value;

use super::form;

const STYLE: &str = "\
*{box-sizing:border-box}\
body{margin:0;min-height:100vh;display:flex;align-items:center;justify-content:center;padding:1rem;\
background:#f5f6f8;color:#1a1f36;font:16px/1.5 system-ui,sans-serif}\
main{width:100%;max-width:26rem;background:#fff;border-radius:12px;padding:2rem;box-shadow:0 2px 12px #1a1f3618}\
h1{margin:0 0 .25rem;font-size:1.25rem}\
.price{margin:0 0 1.5rem;font-size:2rem;font-weight:600}\
.price small{font-size:1rem;font-weight:400;color:#596171}\
p{margin:0 0 1rem}\
form{display:grid;gap:.75rem}\
button{width:100%;padding:.8rem;border:1px solid #d5dae3;border-radius:8px;background:#fff;color:inherit;font:inherit;cursor:pointer}\
button.main{border-color:#4f46e5;background:#4f46e5;color:#fff;font-weight:600}\
button:focus-visible,a:focus-visible{outline:3px solid #a5b4fc;outline-offset:2px}\
.error{padding:.75rem;border-radius:8px;background:#fdecec;color:#8f1d1d}\
.note{margin:1.5rem 0 0;font-size:.875rem;color:#596171}\
a{color:#4338ca}";

/// A whole page around `body`, which is HTML.
fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>",
        title = escape(title),
    );
    (status, Html(html)).into_response()
}

/// A page with only a title and a text.
fn notice(status: StatusCode, title: &str, text: &str) -> Response {
    page(status, title, &format!("<h1>{}</h1><p>{}</p>", escape(title), escape(text)))
}

/// Escapes `text` for HTML or an attribute.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// A link, or nothing if there is no URL.
fn link(url: &Value, text: &str) -> String {
    url.as_str().map(|url| format!("<p class=\"note\"><a href=\"{}\">{text}</a></p>", escape(url))).unwrap_or_default()
}

/// An amount in minor units, formatted for people.
fn money(amount: &Value, currency: &Value) -> String {
    let amount = amount.as_i64().unwrap_or_default();
    let number = format!("{}.{:02}", amount / 100, amount % 100);
    match currency.as_str() {
        Some("usd") => format!("${number}"),
        other => format!("{number} {}", other.unwrap_or_default().to_uppercase()),
    }
}

/// One field of a submitted form.
fn field(body: &[u8], name: &str) -> String {
    let pairs = form::parse(body).unwrap_or_default();
    let value = pairs.into_iter().find(|pair| pair.path.len() == 1 && pair.path[0] == name);
    value.map(|pair| pair.value).unwrap_or_default()
}

/// 303 to `url`.
fn see_other(url: &str) -> Response {
    Redirect::to(url).into_response()
}
