//! The allowance as headers, named by draft-ietf-httpapi-ratelimit-headers-10.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};

use crate::domain::Allowance;

/// `RateLimit-Policy` (messages a day) and `RateLimit` (messages left, and seconds until the reset).
pub fn rate_limit(allowance: &Allowance, until_reset: Duration) -> [(HeaderName, HeaderValue); 2] {
    let policy = format!("\"daily\";q={};w=86400", allowance.limit);
    let state = format!("\"daily\";r={};t={}", allowance.remaining, until_reset.as_secs());
    let value = |text: String| HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""));
    [(HeaderName::from_static("ratelimit-policy"), value(policy)), (HeaderName::from_static("ratelimit"), value(state))]
}
