//! Query parameters, as strict as bodies.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::{Error, FieldCode, FieldError};

/// The parameters of a query string.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        axum::extract::Query::try_from_uri(&parts.uri).map(|axum::extract::Query(value)| Self(value)).map_err(
            |rejection| refusal(&std::error::Error::source(&rejection).map(ToString::to_string).unwrap_or_default()),
        )
    }
}

/// `serde_urlencoded` names the parameter before a colon, or quotes it.
fn refusal(message: &str) -> Error {
    let (name, detail) = match message.split_once(": ") {
        Some((name, detail)) if !name.contains(' ') => (name, format!("Must be another value: {detail}.")),
        _ => (message.split('`').nth(1).unwrap_or_default(), format!("Not acceptable: {message}.")),
    };
    let code = if message.starts_with("unknown field") { FieldCode::UnknownField } else { FieldCode::Invalid };
    Error::Invalid(vec![FieldError { pointer: format!("/{name}"), code, detail }])
}
