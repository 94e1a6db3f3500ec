//! Symmetric keys by name. The first key makes tokens and codes, and every key checks them. To replace a key, put its
//! successor first.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::config::{ConfigError, Env};

/// A secret key of at least 256 bits (RFC 7518, section 3.2) with its public name.
#[derive(Clone)]
pub struct Key {
    /// Its name: a JWT's `kid`.
    pub id: String,
    secret: Vec<u8>,
}

impl Key {
    /// The key's bytes.
    pub(super) fn secret(&self) -> &[u8] {
        &self.secret
    }

    /// A key for one purpose, derived from this one: what is made with it says nothing about this one's other uses.
    pub(super) fn derived(&self, purpose: &[u8]) -> Self {
        Self { id: self.id.clone(), secret: self.hmac(&[b"derived-key:", purpose]).to_vec() }
    }

    /// HMAC-SHA-256 of the parts, one after the other.
    pub(super) fn hmac(&self, parts: &[&[u8]]) -> [u8; 32] {
        // HMAC takes keys of every length: this cannot fail, and an all-zero MAC would match nothing that was issued.
        Hmac::<Sha256>::new_from_slice(&self.secret).map_or([0; 32], |mut mac| {
            for part in parts {
                mac.update(part);
            }
            mac.finalize().into_bytes().into()
        })
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

/// The live keys of one purpose, at most two of them.
#[derive(Debug, Clone)]
pub struct KeyRing(Vec<Key>);

impl KeyRing {
    /// Reads a variable like `2026a:base64,2025b:base64`. Refuses short keys, invalid names, and more than two keys.
    pub fn from_env(env: &Env, name: &'static str) -> Result<Self, ConfigError> {
        env.required(name)?;
        let keys = env.list(name).iter().map(|item| key(name, item)).collect::<Result<Vec<_>, _>>()?;
        match keys.as_slice() {
            [_] => Ok(Self(keys)),
            [a, b] if a.id != b.id => Ok(Self(keys)),
            [_, _] => Err(ConfigError::new(name, "two keys have the same name")),
            _ => Err(ConfigError::new(name, "must hold one key, or two while they are rotated")),
        }
    }

    /// The key that makes new tokens and codes.
    pub fn current(&self) -> &Key {
        &self.0[0]
    }

    /// A live key by its name.
    pub fn get(&self, id: &str) -> Option<&Key> {
        self.0.iter().find(|key| key.id == id)
    }

    /// Every live key.
    pub fn iter(&self) -> impl Iterator<Item = &Key> {
        self.0.iter()
    }
}

fn key(name: &'static str, item: &str) -> Result<Key, ConfigError> {
    let (id, secret) =
        item.split_once(':').ok_or_else(|| ConfigError::new(name, "a key is not of the form id:base64"))?;
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(ConfigError::new(name, "a key's id must be made of letters, digits and hyphens"));
    }
    let secret = STANDARD.decode(secret).map_err(|_| ConfigError::new(name, "a key is not base64"))?;
    if secret.len() < 32 {
        return Err(ConfigError::new(name, "a key is shorter than 256 bits"));
    }
    Ok(Key { id: id.to_owned(), secret })
}

#[cfg(test)]
mod tests {
    use super::KeyRing;
    use crate::config::Env;

    fn ring(value: &'static str) -> Result<KeyRing, String> {
        KeyRing::from_env(&Env::from_fn(move |_| Some(value.into())), "KEYS").map_err(|error| error.to_string())
    }

    const LONG: &str = "a:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    #[test]
    fn the_first_key_is_the_current_one() {
        let ring =
            ring("b:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,a:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
                .unwrap();
        assert_eq!((ring.current().id.as_str(), ring.get("a").is_some(), ring.get("c").is_none()), ("b", true, true));
    }

    #[test]
    fn short_keys_and_invalid_names_are_refused() {
        assert!(ring(LONG).is_ok());
        for value in ["a:AAAA", "AAAA", "../x:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", ":AAAA", "a:!"] {
            assert!(ring(value).is_err(), "{value}");
        }
    }
}
