//! `GET /problems`

use std::fmt::Write as _;

use axum::response::Html;
use shared::http::Code;

/// Every problem with its cause and remedy: what the `type` of a problem leads to.
#[utoipa::path(
    get, path = "/problems", tag = "Operations", operation_id = "list_problems",
    summary = "What do the problems mean?",
    description = "Every code with its cause and remedy, for people. `type` of a problem leads to its section.",
    responses((status = 200, body = String, content_type = "text/html", description = "The list.", example = "<!doctype html>")),
)]
pub(crate) async fn problems() -> Html<String> {
    let mut page =
        String::from("<!doctype html><html lang=en><meta charset=utf-8><title>Problems</title><h1>Problems</h1>");
    for code in Code::ALL {
        let (name, status, cause, remedy) = (code.as_str(), code.status(), code.cause(), code.remedy());
        // Writing to a String does not fail.
        let _ = write!(page, "<h2 id={name}>{name}</h2><p>{status}. {cause}<p>What to do: {remedy}");
    }
    Html(page)
}
