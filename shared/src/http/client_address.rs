//! The address of a client: the key of limits. Whatever needs an address gets it here.
//!
//! The gateway tells who is connected to it. Behind a proxy that is the proxy, and the client is in `X-Forwarded-For`:
//! a CDN, the gateway and every other proxy append whom they spoke to. So the list is read from its end, and only
//! while the one who wrote it is trusted. What a client sends in that header is further left, and is never reached.
//! Source: <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html>.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use lambda_http::RequestExt;
use lambda_http::request::RequestContext;

use super::Error;
use crate::config::{ConfigError, Env};

/// The address of a client; an IPv6 address by its /64, since one customer has a whole /64.
#[derive(Debug, Clone)]
pub struct ClientAddress(pub String);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress
where
    TrustedProxies: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        Ok(TrustedProxies::from_ref(state).client(parts))
    }
}

/// The proxies whose `X-Forwarded-For` is believed. Cloning is cheap.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Arc<[Network]>);

impl TrustedProxies {
    /// Reads `TRUSTED_PROXIES`: addresses and networks (`192.0.2.0/24`), separated by commas.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let networks = env.list("TRUSTED_PROXIES").iter().map(|text| text.parse()).collect::<Result<Vec<_>, _>>();
        let refused = |()| ConfigError::new("TRUSTED_PROXIES", "must be addresses and networks such as 192.0.2.0/24");
        networks.map(|networks| Self(networks.into())).map_err(refused)
    }

    /// The client that sent a request.
    pub fn client(&self, parts: &Parts) -> ClientAddress {
        let connected = match parts.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.as_deref(),
            _ => None,
        };
        let connected = connected.unwrap_or("unknown");
        ClientAddress(match read(connected) {
            Some(address) => network(self.behind(address, &parts.headers)),
            None => connected.to_owned(),
        })
    }

    /// Whom the proxies speak for, one after the other, beginning with the one that is connected. An entry that is no
    /// address ends the search at the proxy that passed it on.
    fn behind(&self, connected: IpAddr, headers: &HeaderMap) -> IpAddr {
        let lists = headers.get_all("x-forwarded-for").into_iter().rev();
        let mut entries = lists.flat_map(|list| list.to_str().unwrap_or_default().rsplit(','));
        let mut client = connected;
        while self.0.iter().any(|network| network.contains(client)) {
            let Some(before) = entries.next().and_then(read) else { break };
            client = before;
        }
        client
    }
}

/// Reads an address, with a port or without one.
fn read(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    text.parse().ok().or_else(|| text.parse().ok().map(|address: SocketAddr| address.ip()))
}

/// The key of an address.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).to_string(),
    }
}

/// A range of addresses, in the form of IPv6.
#[derive(Debug)]
struct Network {
    first: u128,
    /// How many bits of an address do not matter.
    free: u32,
}

impl FromStr for Network {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let address: IpAddr = address.parse().map_err(drop)?;
        let bits: u32 = if address.is_ipv4() { 32 } else { 128 };
        let length = length.map_or(Ok(bits), str::parse).map_err(drop)?;
        let free = bits.checked_sub(length).ok_or(())?;
        Ok(Self { first: widened(address), free })
    }
}

impl Network {
    fn contains(&self, address: IpAddr) -> bool {
        (self.first ^ widened(address)).checked_shr(self.free).unwrap_or_default() == 0
    }
}

/// An address in the form of IPv6.
fn widened(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue};

    use super::{TrustedProxies, network, read};
    use crate::config::Env;

    const PROXIES: &str = "198.51.100.0/24, 2001:db8:aa::/48,203.0.113.7";

    fn proxies(list: &str) -> Result<TrustedProxies, crate::config::ConfigError> {
        let list = list.to_owned();
        TrustedProxies::from_env(&Env::from_fn(move |_| Some(list.clone())))
    }

    /// Who sent a request that `connected` passes on with these headers.
    fn client(connected: &str, lists: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for list in lists {
            headers.append("x-forwarded-for", HeaderValue::from_bytes(list.as_bytes()).unwrap());
        }
        proxies(PROXIES).unwrap().behind(read(connected).unwrap(), &headers).to_string()
    }

    #[test]
    fn neighbours_in_a_64_are_one_client() {
        let network = |text| network(read(text).unwrap());
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::9"));
        assert_ne!(network("2001:db8:1:2::9"), network("2001:db8:1:3::9"));
        assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.7");
    }

    #[test]
    fn whoever_is_no_trusted_proxy_speaks_for_nobody_else() {
        for lists in [&[][..], &["10.0.0.1"], &["10.0.0.1, 198.51.100.3"], &["192.0.2.1", "203.0.113.7"]] {
            assert_eq!(client("192.0.2.1", lists), "192.0.2.1", "{lists:?}");
        }
    }

    #[test]
    fn behind_a_trusted_proxy_the_client_is_whom_it_names_whatever_the_client_sends() {
        // The gateway appends the proxy, or does not.
        for end in ["", ", 198.51.100.3"] {
            assert_eq!(client("198.51.100.3", &[&format!("192.0.2.1{end}")]), "192.0.2.1");
            for forged in ["10.0.0.1, ", "198.51.100.9, ", "nonsense, ", ", ", "[::1]:80,"] {
                assert_eq!(client("198.51.100.3", &[&format!("{forged}192.0.2.1{end}")]), "192.0.2.1", "{forged}");
                assert_eq!(client("198.51.100.3", &[forged, &format!("192.0.2.1{end}")]), "192.0.2.1", "{forged}");
            }
        }
        assert_eq!(client("203.0.113.7", &["10.9.9.9, 192.0.2.1, 198.51.100.3"]), "192.0.2.1", "two proxies");
    }

    #[test]
    fn a_list_that_is_missing_or_malformed_ends_at_the_proxy() {
        for list in ["", " ", "unknown", "192.0.2", "192.0.2.1;", "192.0.2.1, _hidden"] {
            assert_eq!(client("198.51.100.3", &[list]), "198.51.100.3", "{list}");
        }
        assert_eq!(client("198.51.100.3", &[]), "198.51.100.3");
        assert_eq!(client("198.51.100.3", &["\u{e9}"]), "198.51.100.3");
    }

    #[test]
    fn addresses_have_many_forms() {
        assert_eq!(client("2001:db8:aa::1", &["2001:db8:9::1"]), "2001:db8:9::1");
        assert_eq!(client("::ffff:198.51.100.3", &["[2001:db8:9::1]:443"]), "2001:db8:9::1");
        assert_eq!(client("198.51.100.3", &["192.0.2.1:5555"]), "192.0.2.1");
        assert_eq!(client("2001:db8:ab::1", &["192.0.2.1"]), "2001:db8:ab::1", "beside the network");
    }

    #[test]
    fn a_network_that_is_none_is_refused() {
        for list in ["198.51.100.0/33", "cloudfront", "198.51.100.0/", "2001:db8::/129", "1.2.3.4/-1"] {
            assert!(proxies(list).is_err(), "{list}");
        }
        assert!(proxies("0.0.0.0/0,::/0").unwrap().0.iter().all(|all| all.contains("2.3.4.5".parse().unwrap())));
    }
}
