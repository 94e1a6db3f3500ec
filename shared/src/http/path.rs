//! Path parameters: a malformed id is treated as an id that does not exist.

use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
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
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(rejection) => {
                let names = RawPathParams::from_request_parts(parts, state).await;
                let names: Vec<String> = names.iter().flatten().map(|(name, _)| name.to_owned()).collect();
                Err(Error::not_found(refused(&rejection, &names).unwrap_or("path").to_owned()))
            }
        }
    }
}

/// The parameter that cannot be read: its name in the route is the name of the thing.
fn refused<'a>(rejection: &PathRejection, names: &'a [String]) -> Option<&'a str> {
    let PathRejection::FailedToDeserializePathParams(failure) = rejection else { return None };
    let index = match failure.kind() {
        ErrorKind::ParseErrorAtIndex { index, .. } => *index,
        ErrorKind::DeserializeError { key, .. } | ErrorKind::ParseErrorAtKey { key, .. } => {
            names.iter().position(|name| name == key)?
        }
        _ => names.len().checked_sub(1)?,
    };
    names.get(index).map(String::as_str)
}
