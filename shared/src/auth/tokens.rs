//! Access tokens: JWTs, checked as RFC 8725 recommends.

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, TokenData, Validation};
use serde::{Deserialize, Serialize};

use super::keys::KeyRing;
use super::{hs256, refresh::RefreshToken};
use crate::config::{ConfigError, Env};
use crate::domain::{SessionId, Timestamp, UserId};

/// The explicit type of our tokens (RFC 8725, section 3.11; RFC 9068).
const TYP: &str = "at+jwt";
/// How far the clocks of signer and checker may differ, in seconds.
const LEEWAY: i64 = 5;
/// How long a password may be set after the code was accepted.
const RESET_LIFETIME: Duration = Duration::from_mins(10);

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    iat: i64,
    nbf: i64,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<SessionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    /// When the session was opened by a code or a password (OIDC Core, section 2). A refresh keeps it.
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    /// Only in a reset token: the version of the password that it may replace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pwv: Option<i32>,
}

/// What a valid token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// To act as a signed-in user, while the session is live. Holds when its user signed in by a code or a password;
    /// tokens of older versions do not tell.
    Session(UserId, SessionId, Option<Timestamp>),
    /// To replace the password of the given version, and nothing else.
    PasswordReset(UserId, i32),
}

/// Makes and checks access tokens. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Tokens(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    keys: KeyRing,
    issuer: String,
    audience: String,
    lifetime: Duration,
}

impl Tokens {
    /// Reads the `JWT_…` variables and `ACCESS_TOKEN_SECONDS`.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        hs256::install();
        Ok(Self(Arc::new(Inner {
            keys: KeyRing::from_env(env, "JWT_KEYS")?,
            issuer: env.optional("JWT_ISSUER").unwrap_or_else(|| "chat-backend".into()),
            audience: env.optional("JWT_AUDIENCE").unwrap_or_else(|| "chat-app".into()),
            lifetime: env.seconds("ACCESS_TOKEN_SECONDS", 86_400)?,
        })))
    }

    /// How long a token for `grant` lives.
    pub fn lifetime(&self, grant: Grant) -> Duration {
        match grant {
            Grant::Session(..) => self.0.lifetime,
            Grant::PasswordReset(..) => RESET_LIFETIME,
        }
    }

    /// A token for `grant`, valid from `now`.
    pub fn issue(&self, grant: Grant, now: Timestamp) -> Result<String, crate::Fault> {
        self.issue_for(grant, self.lifetime(grant), now)
    }

    /// A token for `grant` that is valid for `lifetime` from `now`.
    pub fn issue_for(&self, grant: Grant, lifetime: Duration, now: Timestamp) -> Result<String, crate::Fault> {
        let (sub, sid, signed_in, pwv) = match grant {
            Grant::Session(user, session, signed_in) => (user, Some(session), signed_in, None),
            Grant::PasswordReset(user, version) => (user, None, None, Some(version)),
        };
        let claims = Claims {
            iss: self.0.issuer.clone(),
            aud: self.0.audience.clone(),
            sub,
            iat: now.unix(),
            nbf: now.unix(),
            exp: (now + lifetime).unix(),
            sid,
            auth_time: signed_in.map(Timestamp::unix),
            scope: pwv.map(|_| "password_reset".to_owned()),
            pwv,
        };
        let key = self.0.keys.current();
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TYP.to_owned());
        header.kid = Some(key.id.clone());
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(key.secret()))
            .map_err(|_| crate::Fault::Bug("a token cannot be signed"))
    }

    /// What `token` allows at `now`; `None` if anything about it is not valid.
    pub fn check(&self, token: &str, now: Timestamp) -> Option<Grant> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        let brings_a_key = header.jwk.is_some() || header.jku.is_some() || header.x5u.is_some() || header.x5c.is_some();
        if header.typ.as_deref() != Some(TYP) || brings_a_key || header.crit.is_some() {
            return None;
        }
        let key = self.0.keys.get(header.kid.as_deref()?)?;
        let TokenData { claims, .. } =
            jsonwebtoken::decode::<Claims>(token, &DecodingKey::from_secret(key.secret()), &self.validation()).ok()?;
        let now = now.unix();
        if claims.exp <= now - LEEWAY || claims.nbf > now + LEEWAY {
            return None;
        }
        match (claims.scope.as_deref(), claims.sid, claims.pwv) {
            (None, Some(session), None) => {
                Some(Grant::Session(claims.sub, session, claims.auth_time.and_then(Timestamp::from_unix)))
            }
            (Some("password_reset"), None, Some(version)) => Some(Grant::PasswordReset(claims.sub, version)),
            _ => None,
        }
    }

    /// Checks all but the times: `check` compares those with the given clock, not with the machine's.
    fn validation(&self) -> Validation {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[&self.0.issuer]);
        validation.set_audience(&[&self.0.audience]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp", "nbf"]);
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation
    }

    /// The refresh tokens that may follow `token` when it is rotated at `at`, one for each live key. New ones are made
    /// with the first.
    pub fn successors(&self, token: &RefreshToken, at: Timestamp) -> impl Iterator<Item = RefreshToken> {
        self.0.keys.iter().map(move |key| token.successor(key, at))
    }
}
