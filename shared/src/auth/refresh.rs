//! Refresh tokens: 256 bits that only their holder knows; Postgres holds their hashes.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::keys::Key;
use crate::domain::Timestamp;

/// A refresh token.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken([u8; 32]);

impl RefreshToken {
    /// The first token of a session. Fails only if the system has no randomness.
    pub fn generate() -> Result<Self, crate::Fault> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|_| crate::Fault::Bug("the system gives no random bytes"))?;
        Ok(Self(bytes))
    }

    /// Parses a token that a client sent.
    pub fn parse(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// The token that replaces this one, made at `at`. It is derived, so a client that sent the request twice gets the
    /// same token twice. Without the key nobody can derive it.
    pub(super) fn successor(&self, key: &Key, at: Timestamp) -> Self {
        Self(key.hmac(&[b"refresh-rotation", &self.0, &at.unix_millis().to_be_bytes()]))
    }

    /// The hash that is stored. A plain hash is enough: 256 random bits cannot be guessed.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }

    /// The text that the client holds.
    pub fn expose(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(…)")
    }
}
