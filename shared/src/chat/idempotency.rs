//! The `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header-07).

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::http::{Error, ProblemCode};

/// The client's name for this send, if it gave one.
#[derive(Debug, Clone, Default)]
pub struct IdempotencyKey {
    /// 1 to 255 visible ASCII characters. The draft's form, a string in quotes, is the same key as the text in it.
    pub key: Option<String>,
    /// The key with its quotes, if it was sent so. Before the two forms were one, it was stored like this.
    pub quoted: Option<String>,
}

const INVALID: Error = Error::refused(
    ProblemCode::IdempotencyKeyInvalid,
    "The Idempotency-Key must be 1 to 255 visible ASCII characters.",
);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        let Some(value) = parts.headers.get("idempotency-key") else { return Ok(Self::default()) };
        let sent = value.to_str().map_err(|_| INVALID)?;
        let inner = quoted(sent);
        let quoted = inner.is_some().then(|| sent.to_owned());
        let key = inner.unwrap_or_else(|| sent.to_owned());
        let is_key = (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        if is_key { Ok(Self { key: Some(key), quoted }) } else { Err(INVALID) }
    }
}

/// The text of a string of structured fields (RFC 9651, section 3.3.3). `None` for any other text.
fn quoted(text: &str) -> Option<String> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let (mut read, mut chars) = (String::new(), inner.chars());
    while let Some(char) = chars.next() {
        match char {
            '"' => return None,
            '\\' => read.push(chars.next().filter(|escaped| ['"', '\\'].contains(escaped))?),
            _ => read.push(char),
        }
    }
    Some(read)
}
