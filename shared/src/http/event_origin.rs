//! The origin that a gateway's event names: whatever could not be in a URI is left out.

use std::net::Ipv4Addr;

use axum::http::header::{HOST, HeaderMap, HeaderName};

pub(super) const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Removes a host or scheme that could not be in a URI. Both come from the gateway, but a client may send them too.
pub(super) fn keep_usable_origin(headers: &mut HeaderMap) {
    if headers.get(HOST).is_some_and(|host| !host.to_str().is_ok_and(is_host)) {
        headers.remove(HOST);
    }
    if headers.get(FORWARDED_PROTO).is_some_and(|scheme| scheme != "https" && scheme != "http") {
        headers.remove(FORWARDED_PROTO);
    }
}

/// Whether a gateway's address, without its scheme, can be told to clients. If no host is in the headers, `lambda_http`
/// would make a URI of it.
pub(super) fn is_usable(address: &str, headers: &HeaderMap) -> bool {
    headers.contains_key(HOST) && address.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:/".contains(&byte))
}

/// A name or an IPv4 address, with or without a port. Stricter than a URI: international names come as `xn--…`, which
/// may be wrong inside, and are not needed.
fn is_host(host: &str) -> bool {
    let (name, port) = host.split_once(':').unwrap_or((host, "443"));
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
        && name.rsplit('.').next().is_some_and(|last| last.starts_with(|first: char| first.is_ascii_alphabetic()))
        && !name.to_ascii_lowercase().contains("xn--");
    (is_name || name.parse::<Ipv4Addr>().is_ok())
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && port.parse::<u16>().is_ok()
}
