//! The address at which a request reached its function, as the gateway says it.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use lambda_http::RequestExt;
use lambda_http::request::RequestContext;

use super::event_origin::FORWARDED_PROTO;

/// Scheme, host and the path of the stage, without a slash at its end: the address of a function URL or a REST API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnAddress(pub String);

impl<S: Send + Sync> FromRequestParts<S> for OwnAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let place = match parts.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => context.domain_name.as_deref(),
            _ => None,
        };
        let scheme = parts.headers.get(FORWARDED_PROTO).and_then(|scheme| scheme.to_str().ok()).unwrap_or("https");
        Ok(Self(format!("{scheme}://{}", place.unwrap_or("localhost").trim_end_matches('/'))))
    }
}
