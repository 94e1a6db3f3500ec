//! The gateways' events: whatever AWS sends becomes a request, or is known to be none.
//!
//! `lambda_http` panics where a URI or a body cannot be built, and reads parts that nothing here uses. So the parts
//! that are used are read here, what a URI cannot hold is percent-encoded, and the rest of its work is done by it.

use std::borrow::Cow;
use std::fmt;

use axum::http::header::{HeaderMap, HeaderName, HeaderValue};
use axum::http::method::Method;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_http::request::LambdaRequest;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::event_body::{is_base64, size};
use super::event_origin::{is_usable, keep_usable_origin};
use super::event_uri::{encoded, is_of_path, is_of_query};
use super::mount::{Route, unmounted};

/// The largest body that any function accepts, in bytes: Stripe's events. A larger one is not even copied out of the
/// gateway's event.
pub const LARGEST_EVENT: usize = 1024 * 1024;
/// The longest path and query, in bytes. The gateway accepts 10 KiB in a request's line and headers together.
const LONGEST_URI: usize = 16 * 1024;

/// An event of an HTTP API (format 2.0) or a function URL, or why no request is made of it.
#[derive(Debug)]
pub struct Event(pub Result<LambdaRequest, Unusable>);

/// Why no request is made of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    /// It is not one of these events, or no request can have its parts.
    Malformed,
    /// Its body is larger than [`LARGEST_EVENT`].
    TooLarge,
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        Ok(Self(read(raw.get()).unwrap_or(Err(Unusable::Malformed))))
    }
}

impl From<Event> for Result<LambdaRequest, Unusable> {
    fn from(Event(request): Event) -> Self {
        request
    }
}

/// Reads an event of these two; `None` if it is none.
pub(super) fn read(raw: &str) -> Option<Result<LambdaRequest, Unusable>> {
    let wire: Wire<'_> = serde_json::from_str(raw).ok()?;
    let Wire { raw_path, raw_query_string, cookies, headers, body, is_base64_encoded, .. } = wire;
    let Context { http, stage, domain_name } = wire.request_context;
    let proxy = wire.path_parameters.and_then(|parameters| parameters.proxy);
    let parts = Parts {
        method: http.method,
        path: raw_path,
        route: Route { key: wire.route_key.unwrap_or_default(), proxy },
        query: raw_query_string.unwrap_or_default(),
        cookies,
        headers: headers.unwrap_or_default().0,
        stage,
        address: domain_name,
        source_ip: http.source_ip,
        body,
        is_base64: is_base64_encoded,
    };
    Some(parts.into_request())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(borrow)]
    raw_path: Cow<'a, str>,
    #[serde(borrow, default)]
    route_key: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    path_parameters: Option<PathParameters<'a>>,
    #[serde(borrow, default)]
    raw_query_string: Option<Cow<'a, str>>,
    cookies: Option<Vec<String>>,
    headers: Option<Headers>,
    request_context: Context,
    /// JSON's text of a string, or `null`.
    #[serde(borrow, default)]
    body: Option<&'a RawValue>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Deserialize)]
struct PathParameters<'a> {
    #[serde(borrow, default)]
    proxy: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    http: Http,
    stage: Option<String>,
    domain_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Http {
    method: String,
    source_ip: Option<String>,
}

/// What a request is made of.
pub(super) struct Parts<'a> {
    pub(super) method: String,
    pub(super) path: Cow<'a, str>,
    pub(super) route: Route<'a>,
    pub(super) query: Cow<'a, str>,
    pub(super) cookies: Option<Vec<String>>,
    pub(super) headers: HeaderMap,
    pub(super) stage: Option<String>,
    /// The gateway's host, and what is in its address before the path.
    pub(super) address: Option<String>,
    pub(super) source_ip: Option<String>,
    /// JSON's text of a string, or `null`.
    pub(super) body: Option<&'a RawValue>,
    pub(super) is_base64: bool,
}

impl Parts<'_> {
    pub(super) fn into_request(self) -> Result<LambdaRequest, Unusable> {
        let raw = self.body.map_or("null", RawValue::get);
        if size(raw, self.is_base64) > LARGEST_EVENT {
            return Err(Unusable::TooLarge);
        }
        let body = serde_json::from_str::<Option<String>>(raw).map_err(|_| Unusable::Malformed)?;
        self.with_body(body).ok_or(Unusable::Malformed)
    }

    fn with_body(self, body: Option<String>) -> Option<LambdaRequest> {
        let is_path = self.path.is_empty() || self.path.starts_with('/');
        let method = Method::from_bytes(self.method.as_bytes()).ok()?;
        if !is_path || self.path.len() + self.query.len() > LONGEST_URI {
            return None;
        }
        if self.is_base64 && !is_base64(body.as_deref().unwrap_or_default()) {
            return None;
        }
        let mut request = ApiGatewayV2httpRequest::default();
        let path = unmounted(&self.path, &self.route, self.stage.as_deref().unwrap_or_default());
        request.raw_path = Some(encoded(path, is_of_path));
        request.raw_query_string = Some(encoded(&self.query, is_of_query));
        request.cookies = self.cookies;
        request.headers = self.headers;
        keep_usable_origin(&mut request.headers);
        request.body = body;
        request.is_base64_encoded = self.is_base64;
        request.request_context.domain_name = self.address.filter(|address| is_usable(address, &request.headers));
        request.request_context.http.method = method;
        request.request_context.http.source_ip = self.source_ip;
        Some(LambdaRequest::ApiGatewayV2(request))
    }
}

#[derive(Default)]
struct Headers(HeaderMap);

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Self::default())
    }
}

impl<'de> Visitor<'de> for Headers {
    type Value = Self;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("headers")
    }

    fn visit_map<M: MapAccess<'de>>(mut self, mut map: M) -> Result<Self, M::Error> {
        while let Some((name, value)) = map.next_entry::<Cow<'_, str>, Cow<'_, str>>()? {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(M::Error::custom)?;
            let value = HeaderValue::from_bytes(value.as_bytes()).map_err(M::Error::custom)?;
            self.0.try_insert(name, value).map_err(M::Error::custom)?;
        }
        Ok(self)
    }
}
