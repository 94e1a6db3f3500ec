//! Path parameters: an id that cannot be one is an id that does not exist.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::Error;

/// The ids of a path.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        if let Ok(axum::extract::Path(value)) = axum::extract::Path::<T>::from_request_parts(parts, state).await {
            return Ok(Self(value));
        }
        let names = RawPathParams::from_request_parts(parts, state).await;
        let last = names.ok().and_then(|names| names.iter().last().map(|(name, _)| name.to_owned()));
        Err(Error::NotFound(match last.as_deref() {
            Some("message") => "message",
            Some("session") => "session",
            _ => "chatroom",
        }))
    }
}
