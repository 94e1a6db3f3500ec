//! `GET /problems`

use std::fmt::Write as _;

use axum::response::Html;
use shared::http::ProblemCode;

/// List the problems
///
/// Returns every code with its cause and remedy, as a page for people. The `type` of a problem leads to its section.
#[utoipa::path(
    get, path = "/problems", tag = "Operations",
    responses((status = 200, body = String, content_type = "text/html", description = "The list.",
        example = "<!doctype html>")),
)]
pub(crate) async fn list_problems() -> Html<String> {
    let mut page =
        String::from("<!doctype html><html lang=en><meta charset=utf-8><title>Problems</title><h1>Problems</h1>");
    for code in ProblemCode::ALL {
        let (name, status, cause, remedy) = (code.as_str(), code.status(), code.cause(), code.remedy());
        // Writing to a String does not fail.
        let _ = write!(page, "<h2 id={name}>{name}</h2><p>{status}. {cause}<p>What to do: {remedy}");
    }
    Html(page)
}
