//! `ETag` and `If-None-Match` (RFC 9110, section 13.1.2): what has not changed is not sent again.

use std::convert::Infallible;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::Error;
use crate::Fault;

/// Lets clients keep the answers of a GET and ask whether they still hold.
pub fn revalidated<S: Clone + Send + Sync + 'static>(get: MethodRouter<S>) -> MethodRouter<S, Infallible> {
    get.layer(from_fn(revalidate))
}

async fn revalidate(request: Request, next: Next) -> Response {
    let known = request.headers().clone();
    let response = next.run(request).await;
    if response.status() != StatusCode::OK {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return Error::Internal(Fault::Bug("an answer breaks off")).into_response();
    };
    let tag = format!("W/\"{}\"", URL_SAFE_NO_PAD.encode(&Sha256::digest(&body)[..12]));
    parts.headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    let holds = holds(&known, &tag);
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        parts.headers.insert(ETAG, tag);
    }
    if !holds {
        return Response::from_parts(parts, Body::from(body));
    }
    parts.status = StatusCode::NOT_MODIFIED;
    parts.headers.remove(CONTENT_TYPE);
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::empty())
}

/// Whether the client knows what `tag` stands for, by weak comparison.
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
