//! CORS (WHATWG Fetch, section 3.3): the HTTP API answers it by itself. A function URL and a REST API each do it in their
//! own way, so this function does it for both.

use std::time::Duration;

use axum::http::Method;
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use shared::config::{ConfigError, Env};
use tower_http::cors::{Any, CorsLayer};

const SENT: [HeaderName; 5] = [
    ACCEPT,
    AUTHORIZATION,
    CONTENT_TYPE,
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("last-event-id"),
];

/// Reads `CORS_ORIGINS`, exact origins separated by commas; `None` if there are none.
pub(crate) fn layer(env: &Env) -> Result<Option<CorsLayer>, ConfigError> {
    let refused = |_| ConfigError::new("CORS_ORIGINS", "must be origins such as https://app.example.com");
    let origins =
        env.list("CORS_ORIGINS").iter().map(|origin| HeaderValue::from_str(origin)).collect::<Result<Vec<_>, _>>();
    let origins = origins.map_err(refused)?;
    let layer = CorsLayer::new()
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(SENT)
        .expose_headers(Any)
        .max_age(Duration::from_mins(10));
    Ok((!origins.is_empty()).then(|| layer.allow_origin(origins)))
}
