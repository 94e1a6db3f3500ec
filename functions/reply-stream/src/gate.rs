//! What holds for every request at this door.

use axum::extract::{Request, State};
use axum::http::Method;
use axum::http::header::ALLOW;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use shared::db::Db;
use shared::http::{Error, ProblemCode};

/// Refuses `HEAD` where a stream would take a place that nobody reads, and closes the connection to Postgres after every
/// answer, a stream or a refusal: there may be many environments, and Postgres has few connections.
pub(crate) async fn pass(State(db): State<Db>, request: Request, next: Next) -> Response {
    let response = if request.method() == Method::HEAD && request.uri().path().ends_with("/events") {
        let refusal = Error::refused(ProblemCode::MethodNotAllowed, "Events are read with GET.");
        ([(ALLOW, "GET")], refusal).into_response()
    } else {
        next.run(request).await
    };
    db.rest();
    response
}
