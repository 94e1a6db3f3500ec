//! The events of the streaming door: those of a function URL, or of a REST API (format 1.0). HTTP APIs cannot stream.
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>.

use std::borrow::Cow;
use std::collections::BTreeMap;

use axum::http::header::{HeaderMap, HeaderName, HeaderValue};
use lambda_http::request::LambdaRequest;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::event::{Parts, Unusable, read};
use super::event_uri::encoded;
use super::mount::Route;

/// An event of a function URL or a REST API, or why no request is made of it.
#[derive(Debug)]
pub struct StreamEvent(pub Result<LambdaRequest, Unusable>);

impl<'de> Deserialize<'de> for StreamEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        let rest = || serde_json::from_str::<Rest<'_>>(raw).map_or(Err(Unusable::Malformed), Rest::into_request);
        Ok(Self(read(raw).unwrap_or_else(rest)))
    }
}

impl From<StreamEvent> for Result<LambdaRequest, Unusable> {
    fn from(StreamEvent(request): StreamEvent) -> Self {
        request
    }
}

/// Names with one or more values each.
type Lists<'a> = BTreeMap<Cow<'a, str>, Vec<Cow<'a, str>>>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rest<'a> {
    http_method: String,
    #[serde(borrow)]
    path: Cow<'a, str>,
    #[serde(borrow, default)]
    multi_value_headers: Option<Lists<'a>>,
    /// Decoded, unlike those of the other format.
    #[serde(borrow, default)]
    multi_value_query_string_parameters: Option<Lists<'a>>,
    request_context: Context,
    #[serde(borrow, default)]
    body: Option<&'a RawValue>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    domain_name: Option<String>,
    /// With the stage, unless the API has a domain of its own.
    path: Option<String>,
    identity: Identity,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    source_ip: Option<String>,
}

impl Rest<'_> {
    fn into_request(self) -> Result<LambdaRequest, Unusable> {
        let Context { domain_name, path, identity } = self.request_context;
        let before = path.as_deref().and_then(|path| path.strip_suffix(self.path.as_ref())).unwrap_or_default();
        let parts = Parts {
            method: self.http_method,
            path: self.path,
            route: Route::default(),
            query: query(&self.multi_value_query_string_parameters.unwrap_or_default()).into(),
            cookies: None,
            headers: headers(&self.multi_value_headers.unwrap_or_default()).ok_or(Unusable::Malformed)?,
            // The path begins after the stage.
            stage: None,
            address: domain_name.map(|domain| domain + before),
            source_ip: identity.source_ip,
            body: self.body,
            is_base64: self.is_base64_encoded,
        };
        parts.into_request()
    }
}

fn headers(lists: &Lists<'_>) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in lists.iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value))) {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        headers.try_append(name, HeaderValue::from_bytes(value.as_bytes()).ok()?).ok()?;
    }
    Some(headers)
}

fn query(lists: &Lists<'_>) -> String {
    let pairs = lists.iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
    let text = |text| encoded(text, is_unreserved);
    pairs.map(|(name, value)| format!("{}={}", text(name), text(value))).collect::<Vec<_>>().join("&")
}

/// What needs no escape in a name or a value (RFC 3986, section 2.3).
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}
