//! A caller who proved a moment ago who they are, for what an access token alone must not do: it may be stolen.

use std::borrow::Cow;
use std::time::Duration;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;

use super::{Auth, Caller, Error, ProblemCode, Result};
use crate::config::{ConfigError, Env};
use crate::domain::Timestamp;

const NAME: &str = "FRESH_SIGN_IN_MINUTES";

/// How long a sign-in is fresh.
#[derive(Debug, Clone, Copy)]
pub struct FreshSignIn(Duration);

impl FreshSignIn {
    /// Reads `FRESH_SIGN_IN_MINUTES`.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        match env.parsed(NAME, 10)? {
            0 => Err(ConfigError::new(NAME, "must be at least 1: no sign-in would be fresh")),
            minutes => Ok(Self(Duration::from_mins(minutes))),
        }
    }

    /// Refuses a caller whose session was not opened within this time. For what only some requests to an endpoint need;
    /// otherwise the handler takes a [`FreshCaller`].
    pub fn check(self, caller: &Caller, now: Timestamp) -> Result<()> {
        if caller.signed_in_at.is_some_and(|at| now.since(at) <= self.0) {
            return Ok(());
        }
        let minutes = self.0.as_secs() / 60;
        let detail = format!(
            "This needs a sign-in of the last {minutes} minutes. Sign in again, with a code (POST /auth/send-otp, then \
             /auth/verify-otp) or the password (POST /auth/login), and repeat the request with the new access token."
        );
        Err(Error::Refused(ProblemCode::FreshSignInRequired, Cow::Owned(detail)))
    }
}

/// A signed-in user whose session was opened by a code or a password a moment ago.
#[derive(Debug, Clone, Copy)]
pub struct FreshCaller(pub Caller);

impl<S: Send + Sync> FromRequestParts<S> for FreshCaller
where
    Auth: FromRef<S>,
    FreshSignIn: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let caller = Caller::from_request_parts(parts, state).await?;
        FreshSignIn::from_ref(state).check(&caller, Auth::from_ref(state).clock.now())?;
        Ok(Self(caller))
    }
}
