//! The checks of every API call: the log, the key, the version, idempotency and injected failures.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use serde_json::{Value, json};

use super::error::ApiError;
use super::idempotency::Saved;
use super::params::Params;
use super::world::Cause;
use super::{API_VERSION, App, api, version};
use crate::admin::lock;
use crate::{clock, ids};

/// One API call.
struct Request {
    id: String,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
}

/// An answer before it is HTTP.
struct Answer {
    status: u16,
    body: Value,
    /// The id of the first request, if this repeats its answer.
    replay_of: Option<String>,
}

/// Handles a call to `/v1/…`.
pub(super) async fn call(
    State(app): State<App>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = Request { id: ids::prefixed("req"), method, uri, headers, body };
    let (id, key) = (request.id.clone(), request.idempotency_key().map(str::to_owned));
    let version = request.header("stripe-version").unwrap_or(API_VERSION).to_owned();
    // In its own task: Stripe finishes a call that has begun, even if the client disconnects.
    let answer = tokio::spawn(async move { answer(&app, &request).await }).await;
    let answer = answer.unwrap_or_else(|_| Answer::from(ApiError::injected(500, "")));
    answer.into_response(&id, &version, key.as_deref())
}

async fn answer(app: &App, request: &Request) -> Answer {
    let params = request.params();
    app.log(request, params.as_ref().ok());
    let checked = request.authenticate().and_then(|()| version::check(request.header("stripe-version"))).and(params);
    match checked {
        Ok(params) => execute(app, request, &params).await.unwrap_or_else(Answer::from),
        Err(error) => error.into(),
    }
}

async fn execute(app: &App, request: &Request, params: &Params) -> Result<Answer, ApiError> {
    let path = request.uri.path();
    let key = request.idempotency_key();
    if let Some(key) = key
        && let Some(saved) = app.keys.take(key, path, params)?
    {
        return Ok(Answer { status: saved.status, body: saved.body, replay_of: Some(saved.request_id) });
    }
    let settle = |saved| {
        if let Some(key) = key {
            app.keys.settle(key, saved);
        }
    };
    let failure = lock(&app.failures).strike(request.method.as_str(), path);
    if let Some(failure) = &failure {
        tokio::time::sleep(failure.delay()).await;
    }
    let status = failure.as_ref().and_then(|failure| failure.status);
    if let (Some(status), false) = (status, failure.is_some_and(|failure| failure.after)) {
        settle(None);
        return Err(ApiError::injected(status, path));
    }
    let result = {
        let mut world = lock(&app.world);
        world.cause = Some(Cause { request_id: request.id.clone(), idempotency_key: key.map(str::to_owned) });
        let result = api::dispatch(&mut world, request.method.as_str(), path, params);
        world.cause = None;
        result
    };
    let body = result.inspect_err(|_| settle(None))?;
    settle(Some(Saved { status: 200, body: body.clone(), request_id: request.id.clone() }));
    match status {
        Some(lost) => Err(ApiError::injected(lost, path)),
        None => Ok(Answer { status: 200, body, replay_of: None }),
    }
}

impl App {
    fn log(&self, request: &Request, params: Option<&Params>) {
        lock(&self.calls).push(json!({
            "at": clock::rfc3339_now(),
            "id": request.id,
            "method": request.method.as_str(),
            "path": request.uri.path(),
            "params": params.map(Params::to_json),
            "idempotency_key": request.header("idempotency-key"),
            "stripe_version": request.header("stripe-version"),
        }));
    }
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The idempotency key of a POST; Stripe ignores it on other methods.
    fn idempotency_key(&self) -> Option<&str> {
        self.header("idempotency-key").filter(|key| self.method == Method::POST && !key.is_empty())
    }

    fn authenticate(&self) -> Result<(), ApiError> {
        let Some(key) = self.header("authorization").and_then(|value| value.strip_prefix("Bearer ")) else {
            return Err(ApiError::unauthenticated(
                "You did not provide an API key. You need to provide your API key in the Authorization header, using \
                 Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication \
                 for details, or we can help at https://support.stripe.com/.",
            ));
        };
        let known = ["sk_test_", "rk_test_"].iter().any(|prefix| key.len() > prefix.len() && key.starts_with(prefix));
        if known {
            return Ok(());
        }
        let shown: String = key.chars().take(8).collect();
        Err(ApiError::unauthenticated(format!("Invalid API Key provided: {shown}********")))
    }

    fn params(&self) -> Result<Params, ApiError> {
        if self.method != Method::POST {
            return Params::parse(self.uri.query().unwrap_or_default().as_bytes());
        }
        let form =
            self.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        if !form && !self.body.is_empty() {
            return Err(ApiError::invalid(
                "Invalid request (check that your POST content type is application/x-www-form-urlencoded). If you have \
                 any questions, we can help at https://support.stripe.com/.",
            ));
        }
        Params::parse(&self.body)
    }
}

impl From<ApiError> for Answer {
    fn from(error: ApiError) -> Self {
        Self { status: error.status, body: error.body(), replay_of: None }
    }
}

impl Answer {
    fn into_response(self, request_id: &str, version: &str, key: Option<&str>) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self.body)).into_response();
        let headers = response.headers_mut();
        let mut set = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        set("request-id", request_id);
        set("stripe-version", version);
        if let Some(key) = key {
            set("idempotency-key", key);
            set("original-request", self.replay_of.as_deref().unwrap_or(request_id));
        }
        if self.replay_of.is_some() {
            set("idempotent-replayed", "true");
        }
        if status == StatusCode::UNAUTHORIZED {
            set("www-authenticate", "Basic realm=\"Stripe\"");
        }
        response
    }
}
