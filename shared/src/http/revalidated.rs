//! `ETag` and `If-None-Match` (RFC 9110, section 13.1.2): an unchanged response is not sent again.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Error;
use crate::Fault;

/// A JSON response that clients may keep and revalidate.
#[derive(Debug, Clone, Copy)]
pub struct Revalidated<T>(pub T);

impl<T: Serialize> IntoResponse for Revalidated<T> {
    fn into_response(self) -> Response {
        let Ok(body) = serde_json::to_vec(&self.0) else {
            return Error::Internal(Fault::Bug("an answer is not JSON")).into_response();
        };
        let tag = entity_tag(&body);
        let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "private, no-cache"), (ETAG, tag.as_str())];
        (headers, body).into_response()
    }
}

/// The `ETag` of a body. It is weak: a compressed body has the same one.
pub fn entity_tag(body: &[u8]) -> String {
    format!("W/\"{}\"", URL_SAFE_NO_PAD.encode(&Sha256::digest(body)[..12]))
}

/// Removes the body if `request` shows that the client already has it.
pub(super) fn revalidate(request: &HeaderMap, response: Response) -> Response {
    let tag = response.headers().get(ETAG).and_then(|tag| tag.to_str().ok());
    if response.status() != StatusCode::OK || !tag.is_some_and(|tag| holds(request, tag)) {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    parts.status = StatusCode::NOT_MODIFIED;
    parts.headers.remove(CONTENT_TYPE);
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::empty())
}

/// Whether the client has the response of `tag`, by weak comparison.
fn holds(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get_all(IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok());
    known
        .flat_map(|list| list.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.trim_start_matches("W/") == tag.trim_start_matches("W/"))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;
    use axum::http::header::IF_NONE_MATCH;

    use super::holds;

    #[test]
    fn a_tag_is_known_in_a_list_weak_or_strong_and_by_a_star() {
        let asks = |list: &str| HeaderMap::from_iter([(IF_NONE_MATCH, list.parse().unwrap())]);
        for list in ["W/\"a\"", "\"a\"", "\"b\", W/\"a\"", "*"] {
            assert!(holds(&asks(list), "W/\"a\""), "{list}");
        }
        assert!(!holds(&asks("W/\"b\""), "W/\"a\"") && !holds(&HeaderMap::new(), "W/\"a\""));
    }
}
