//! Device tokens: each proves that somebody signed in to a number before, and nothing else (OWASP's device cookie).
//! <https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies>
//!
//! A token is `kid.owner.issued.mac`. The owner is a keyed hash of the number, so the token does not show the number.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

use super::keys::{Key, KeyRing};
use crate::config::{ConfigError, Env};
use crate::domain::{Mobile, Timestamp};

/// Longer texts are not device tokens.
const LONGEST: usize = 256;
const DAY: Duration = Duration::from_hours(24);

/// Makes and checks device tokens. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct DeviceTokens(Arc<(KeyRing, Duration)>);

/// A device token whose signature and age were checked. Redis knows whether it was ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceToken {
    /// Its owner: the name of a key, and the hash of the number under that key.
    pub owner: Owner,
    /// When it was issued.
    pub issued: Timestamp,
}

/// A number under a key: `kid.hash`.
#[derive(Clone, PartialEq, Eq)]
pub struct Owner(String);

impl Owner {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(key: &Key, mobile: &Mobile) -> Self {
        let hash = key.hmac(&[b"device-owner:", mobile.as_str().as_bytes()]);
        Self(format!("{}.{}", key.id, URL_SAFE_NO_PAD.encode(&hash[..16])))
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Owner(…)")
    }
}

impl DeviceTokens {
    /// Reads `JWT_KEYS` and `DEVICE_TOKEN_DAYS`.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let days: u32 = env.parsed("DEVICE_TOKEN_DAYS", 180)?;
        Ok(Self(Arc::new((KeyRing::from_env(env, "JWT_KEYS")?, DAY * days))))
    }

    /// How long a token is valid.
    pub fn lifetime(&self) -> Duration {
        self.0.1
    }

    /// A token of the owner of `mobile`, who signed in at `now`.
    pub fn issue(&self, mobile: &Mobile, now: Timestamp) -> String {
        let key = self.0.0.current();
        let signed = format!("{}.{}", Owner::of(key, mobile).as_str(), now.unix_millis());
        let mac = URL_SAFE_NO_PAD.encode(mac(key, &signed));
        format!("{signed}.{mac}")
    }

    /// The number as every live key names it.
    pub fn owners(&self, mobile: &Mobile) -> Vec<Owner> {
        self.0.0.iter().map(|key| Owner::of(key, mobile)).collect()
    }

    /// The token in `text`, whosever it is. `None` if it is missing, not ours, or too old.
    pub fn read(&self, text: Option<&str>, now: Timestamp) -> Option<DeviceToken> {
        let (signed, presented) = text.filter(|text| text.len() <= LONGEST)?.rsplit_once('.')?;
        let (owner, issued) = signed.rsplit_once('.')?;
        let key = self.0.0.get(owner.split_once('.')?.0)?;
        let presented = URL_SAFE_NO_PAD.decode(presented).ok()?;
        let is_ours: bool = mac(key, signed).ct_eq(presented.as_slice()).into();
        let issued = Timestamp::from_unix_millis(issued.parse().ok().filter(|_| is_ours)?)?;
        (now < issued + self.lifetime()).then(|| DeviceToken { owner: Owner(owner.to_owned()), issued })
    }

    /// The token in `text`, if it is one of `mobile`.
    pub fn read_of(&self, mobile: &Mobile, text: Option<&str>, now: Timestamp) -> Option<DeviceToken> {
        self.read(text, now).filter(|token| self.owners(mobile).contains(&token.owner))
    }
}

fn mac(key: &Key, signed: &str) -> [u8; 32] {
    key.hmac(&[b"device-token:", signed.as_bytes()])
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::DeviceTokens;
    use crate::auth::Tokens;
    use crate::config::Env;
    use crate::domain::{Mobile, Timestamp};

    const A: &str = "a:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const B_A: &str = "b:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=,a:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const B: &str = "b:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    fn env(keys: &'static str) -> Env {
        Env::from_fn(move |name| (name == "JWT_KEYS").then(|| keys.into()))
    }

    fn tokens(keys: &'static str) -> DeviceTokens {
        DeviceTokens::from_env(&env(keys)).unwrap()
    }

    fn mobile(text: &str) -> Mobile {
        Mobile::parse(text).unwrap()
    }

    fn now() -> Timestamp {
        Timestamp::from_unix(1_795_435_200).unwrap()
    }

    #[test]
    fn a_token_is_of_its_own_number_alone_and_does_not_show_it() {
        let (tokens, ada, bob) = (tokens(A), mobile("+14155550123"), mobile("+14155550124"));
        let token = tokens.issue(&ada, now());
        assert!(tokens.read_of(&ada, Some(&token), now()).is_some());
        assert!(tokens.read_of(&bob, Some(&token), now()).is_none());
        assert!(!token.contains("4155550123"));
    }

    #[test]
    fn anything_but_a_whole_token_is_none() {
        let (tokens, ada) = (tokens(A), mobile("+14155550123"));
        let token = tokens.issue(&ada, now());
        let parts: Vec<&str> = token.split('.').collect();
        let later = format!("{}.{}.1795435200001.{}", parts[0], parts[1], parts[3]);
        let others = format!("{}.{}.{}.{}", parts[0], "A".repeat(22), parts[2], parts[3]);
        let unknown_key = token.replacen("a.", "c.", 1);
        let cut = &token[..token.len() - 1];
        let long = "x".repeat(10_000);
        for text in ["", ".", "a", "a.b.c.d", "ä.ö.ü.ß", cut, &later, &others, &unknown_key, &long] {
            assert!(tokens.read(Some(text), now()).is_none(), "{text:.60}");
        }
        assert!(tokens.read(None, now()).is_none());
    }

    #[test]
    fn a_token_expires() {
        let (tokens, ada) = (tokens(A), mobile("+14155550123"));
        let (token, days) = (tokens.issue(&ada, now()), Duration::from_hours(180 * 24));
        assert!(tokens.read(Some(&token), now() + days - Duration::from_millis(1)).is_some());
        assert!(tokens.read(Some(&token), now() + days).is_none());
    }

    #[test]
    fn a_token_lives_as_long_as_its_key() {
        let ada = mobile("+14155550123");
        let token = tokens(A).issue(&ada, now());
        assert!(tokens(B_A).read_of(&ada, Some(&token), now()).is_some());
        assert!(tokens(B).read_of(&ada, Some(&token), now()).is_none());
    }

    #[test]
    fn a_device_token_is_no_access_token() {
        let access = Tokens::from_env(&env(A)).unwrap();
        assert!(access.check(&tokens(A).issue(&mobile("+14155550123"), now()), now()).is_none());
    }
}
