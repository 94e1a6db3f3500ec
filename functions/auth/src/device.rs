//! What a client calls itself. It is shown to the user in the list of sessions and never trusted.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;

/// The number of characters that are kept.
const MOST: usize = 200;

/// The `User-Agent` header, cut.
#[derive(Debug)]
pub(crate) struct Device(pub(crate) Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Device {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let text = parts.headers.get(USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
        Ok(Self(text.map(|text| text.chars().take(MOST).collect()).filter(|text: &String| !text.is_empty())))
    }
}
