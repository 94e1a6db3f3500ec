//! The layers of every router: request ids, problem documents, security headers, one log line per request.

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, IF_NONE_MATCH, LOCATION,
    REFERRER_POLICY, RETRY_AFTER, STRICT_TRANSPORT_SECURITY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use lambda_http::RequestExt;
use serde::Serialize;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tracing::Instrument;

use super::reference::relative;
use super::revalidated::revalidate;
use super::{Error, Problem, ProblemCode, Result, rate_limit};
use crate::telemetry;

/// The largest body that is accepted, in bytes. A message of 8,000 characters fits, even if JSON escapes each of them
/// in 12 bytes (`\ud83d\ude00`).
const LARGEST_BODY: usize = 128 * 1024;
/// Bodies above this many bytes are compressed if the client accepts gzip. Smaller ones fit in about one packet.
const WORTH_PACKING: u64 = 1024;
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The headers that Helmet sets, as far as they concern an API. No response may be kept by shared caches.
const HEADERS: [(HeaderName, &str); 6] = [
    (CONTENT_SECURITY_POLICY, "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
    (STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
];

/// Adds the layers to a router: limits the body, answers unknown paths and methods with problems, and finishes every
/// response.
pub fn edge(router: Router) -> Router {
    router
        .fallback(unknown_path)
        .method_not_allowed_fallback(other_method)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(from_fn(finish))
        .layer(CompressionLayer::new().gzip(true).compress_when(is_worth_packing()))
}

/// A stream of events is not packed: each event would wait for the next ones.
fn is_worth_packing() -> impl Predicate {
    SizeAbove::new(WORTH_PACKING).and(NotForContentType::SSE)
}

/// A resource has one address. The gateway's routes have limits of their own, and a slash at the end would pass them by.
async fn unknown_path(path: Uri) -> Error {
    match path.path() {
        "/" => Error::not_found("path"),
        path if path.ends_with('/') => Error::refused(ProblemCode::NotFound, SLASH),
        _ => Error::not_found("path"),
    }
}

const SLASH: &str = "There is no such path. No path of this API ends with a slash.";

const METHOD_NOT_ALLOWED: Error = Error::refused(ProblemCode::MethodNotAllowed, "This path does not have that method.");

/// Answers `OPTIONS` with the methods of the path (`Allow`); refuses every other method that the path does not have.
async fn other_method(method: Method) -> Result<StatusCode> {
    if method == Method::OPTIONS { Ok(StatusCode::NO_CONTENT) } else { Err(METHOD_NOT_ALLOWED) }
}

async fn finish(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(&request);
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let challenge = challenge(request.headers());
    let route = request.extensions().get::<MatchedPath>().map_or("unknown", MatchedPath::as_str).to_owned();
    let span = tracing::info_span!("request", request_id = %id, %method, route);
    async {
        let asked = request.headers().get(IF_NONE_MATCH).is_some().then(|| request.headers().clone());
        let mut response = next.run(request).await;
        let mut code = None;
        if let Some(asked) = asked {
            response = revalidate(&asked, response);
        }
        if let Some(problem) = response.extensions_mut().remove::<Problem>() {
            code = Some(problem.code.as_str());
            let problem = Problem { kind: relative(&path, &problem.kind), ..problem };
            response = document(&problem, &id, challenge, response);
        }
        let headers = response.headers_mut();
        if let Some(to) =
            headers.get(LOCATION).and_then(|to| HeaderValue::from_str(&relative(&path, to.to_str().ok()?)).ok())
        {
            headers.insert(LOCATION, to);
        }
        for (name, value) in HEADERS {
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        }
        if let Ok(id) = HeaderValue::from_str(&id) {
            headers.insert(REQUEST_ID, id);
        }
        let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        telemetry::answered(response.status().as_u16(), milliseconds, code);
        response
    }
    .instrument(span)
    .await
}

/// How a client without a valid token is asked for one. If it sent one, it learns that (RFC 6750, section 3.1).
fn challenge(headers: &HeaderMap) -> &'static str {
    let sent = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.split_once(' '));
    match sent {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => INVALID_TOKEN,
        _ => BEARER,
    }
}

const BEARER: &str = "Bearer";
const INVALID_TOKEN: &str = "Bearer error=\"invalid_token\"";

/// The id that the request has in Lambda and CloudWatch; a new one outside Lambda.
fn request_id(request: &Request) -> String {
    request
        .lambda_context_ref()
        .map(|context| context.request_id.clone())
        .filter(|id| !id.is_empty())
        .unwrap_or_else(|| uuid::Uuid::now_v7().to_string())
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    problem: &'a Problem,
    request_id: &'a str,
}

/// Writes a problem into the response that carried it, and keeps its headers (`Allow`, for example).
fn document(problem: &Problem, id: &str, challenge: &'static str, carrier: Response) -> Response {
    let body = serde_json::to_vec(&Document { problem, request_id: id }).unwrap_or_default();
    let (mut parts, _) = carrier.into_parts();
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if let Some(seconds) = problem.retry_after {
        parts.headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let (Some(allowance), Some(seconds)) = (&problem.allowance, problem.retry_after) {
        parts.headers.extend(rate_limit(allowance, Duration::from_secs(seconds)));
    }
    if parts.status == StatusCode::UNAUTHORIZED {
        // A wrong code or password says nothing about a token that was sent with it.
        let challenge = if problem.code == ProblemCode::Unauthenticated { challenge } else { BEARER };
        parts.headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    Response::from_parts(parts, Body::from(body)).into_response()
}
