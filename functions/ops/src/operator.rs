//! Operators send their own key; users' tokens are not accepted.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use shared::config::{ConfigError, Env};
use shared::http::Error;
use subtle::ConstantTimeEq;

/// The key that operators share.
#[derive(Clone)]
pub(crate) struct OperatorKey(String);

impl OperatorKey {
    /// Reads `OPERATOR_KEY`.
    pub(crate) fn from_env(env: &Env) -> Result<Self, ConfigError> {
        env.required("OPERATOR_KEY").map(Self)
    }
}

impl std::fmt::Debug for OperatorKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OperatorKey(…)")
    }
}

/// A caller who sent the key in `X-Operator-Key`.
#[derive(Debug)]
pub(crate) struct Operator;

impl<S: Send + Sync> FromRequestParts<S> for Operator
where
    OperatorKey: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let OperatorKey(key) = OperatorKey::from_ref(state);
        let shown = parts.headers.get("x-operator-key").ok_or(Error::unauthenticated("X-Operator-Key is missing."))?;
        if bool::from(shown.as_bytes().ct_eq(key.as_bytes())) {
            Ok(Self)
        } else {
            Err(Error::forbidden("The operator key is not right."))
        }
    }
}
