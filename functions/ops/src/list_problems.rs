//! `GET /problems`

use std::fmt::Write as _;

use axum::http::header::VARY;
use axum::response::{Html, IntoResponse, Response};
use serde::Serialize;
use shared::http::{Json, ProblemCode};
use utoipa::ToSchema;

use crate::accept::Form;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProblemList)]
pub(crate) struct Listed {
    data: Vec<Explained>,
}

/// A code of a problem, explained.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedProblem)]
struct Explained {
    code: ProblemCode,
    /// The HTTP status.
    #[schema(example = 404)]
    status: u16,
    /// Why it is returned.
    #[schema(example = "The path or the thing does not exist, or belongs to another user.")]
    cause: &'static str,
    /// What a client does about it.
    #[schema(example = "Check the address; read the list again.")]
    remedy: &'static str,
}

/// List the problems
///
/// Returns every code with its cause and remedy: as a page for people, or as JSON if `Accept` asks for that. The `type` of
/// a problem leads to its section of the page.
#[utoipa::path(
    get, path = "/problems", tag = "Operations",
    responses((status = 200, description = "The list.", content(
        (Listed = "application/json", example = json!({ "data": [{
            "code": "not_found", "status": 404,
            "cause": "The path or the thing does not exist, or belongs to another user.",
            "remedy": "Check the address; read the list again."
        }] })),
        (String = "text/html", example = "<!doctype html>"),
    ))),
)]
pub(crate) async fn list_problems(form: Form) -> Response {
    let body = match form {
        Form::Html => Html(page()).into_response(),
        Form::Json => {
            Json(Listed { data: ProblemCode::ALL.iter().copied().map(Explained::of).collect() }).into_response()
        }
    };
    ([(VARY, "accept")], body).into_response()
}

impl Explained {
    fn of(code: ProblemCode) -> Self {
        Self { code, status: code.status().as_u16(), cause: code.cause(), remedy: code.remedy() }
    }
}

fn page() -> String {
    let mut page =
        String::from("<!doctype html><html lang=en><meta charset=utf-8><title>Problems</title><h1>Problems</h1>");
    for code in ProblemCode::ALL {
        let (name, status, cause, remedy) = (code.as_str(), code.status(), code.cause(), code.remedy());
        // Writing to a String does not fail.
        let _ = write!(page, "<h2 id={name}>{name}</h2><p>{status}. {cause}<p>What to do: {remedy}");
    }
    page
}
