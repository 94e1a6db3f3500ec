//! The caller of a request, as an extractor: a handler that takes one is for signed-in users.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use std::time::Duration;

use super::{ClientAddress, Error, ProblemCode, TrustedProxies};
use crate::Fault;
use crate::auth::{Grant, Tokens};
use crate::cache::{Cache, Checked, Mark, RequestLimit, RequestLimits, Visit};
use crate::config::{ConfigError, Env};
use crate::db::{Db, sessions};
use crate::domain::{Clock, SessionId, Timestamp, UserId};

/// What is needed to identify a caller. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Auth {
    /// Checks signatures.
    pub tokens: Tokens,
    /// Knows most sessions.
    pub cache: Cache,
    /// Knows all of them.
    pub db: Db,
    /// Tells the time.
    pub clock: Clock,
    /// How many requests are allowed.
    pub limits: RequestLimits,
    /// Whose word about an address is believed.
    pub proxies: TrustedProxies,
}

impl Auth {
    /// Reads the environment.
    pub fn from_env(env: &Env, clock: Clock) -> Result<Self, ConfigError> {
        Ok(Self {
            tokens: Tokens::from_env(env)?,
            cache: Cache::from_env(env)?,
            db: Db::from_env(env)?,
            clock,
            limits: RequestLimits::from_env(env)?,
            proxies: TrustedProxies::from_env(env)?,
        })
    }

    /// What Redis is asked about a request.
    pub fn visit<'a>(&self, bearer: &'a Bearer) -> Visit<'a> {
        let Bearer { user, session, address: ClientAddress(address), .. } = bearer;
        Visit { user: *user, session: *session, by_session: false, address, limits: self.limits, now: self.clock.now() }
    }

    /// Whether the session is live. Its `mark` in Redis decides; without one, Postgres does.
    pub async fn is_live(&self, bearer: &Bearer, mark: Result<Mark, Fault>) -> Result<bool, Fault> {
        match mark {
            Ok(Mark::Live) => return Ok(true),
            Ok(Mark::Revoked) => return Ok(false),
            Ok(Mark::Unknown) => {}
            Err(error) => tracing::warn!(%error, "a session's mark cannot be read; Postgres is asked"),
        }
        let live = sessions::is_live(&self.db, bearer.session, bearer.user, self.clock.now()).await?;
        let marked = if live {
            self.cache.mark_live(bearer.session).await
        } else {
            // The next request with this token costs its user nothing.
            self.cache.mark_revoked(&[bearer.session]).await
        };
        if let Err(error) = marked {
            tracing::warn!(%error, live, "a session could not be marked");
        }
        Ok(live)
    }

    /// The caller of a valid token, if Redis says nothing against it.
    pub async fn check(&self, bearer: &Bearer) -> Result<Caller, Error> {
        self.identify(bearer, self.cache.session(&self.visit(bearer))).await
    }

    /// The same for a request that ends access. It is counted by its session, so that whoever has a stolen token cannot
    /// keep its owner from ending it.
    pub async fn check_leaving(&self, bearer: &Bearer) -> Result<Caller, Error> {
        self.identify(bearer, self.cache.session(&Visit { by_session: true, ..self.visit(bearer) })).await
    }

    /// The caller of a request that will need Postgres as well: a new process begins to connect to it while Redis is
    /// `asked`.
    pub async fn identify(
        &self,
        bearer: &Bearer,
        asked: impl Future<Output = Result<Checked, Fault>>,
    ) -> Result<Caller, Error> {
        self.db.open_ahead();
        self.caller(bearer, asked.await).await
    }

    /// The caller of a valid token, if the request exceeds no limit and its session is live ([`Self::is_live`]). Without
    /// Redis nothing is limited: Postgres is asked then.
    pub async fn caller(&self, bearer: &Bearer, checked: Result<Checked, Fault>) -> Result<Caller, Error> {
        let mark = match checked {
            Ok(Checked { over: Some((limit, pause)), .. }) => return Err(too_many(limit, pause)),
            checked => checked.map(|checked| checked.mark),
        };
        if self.is_live(bearer, mark).await? {
            Ok(Caller { user: bearer.user, session: bearer.session, signed_in_at: bearer.signed_in_at })
        } else {
            Err(Error::unauthenticated("The session has ended. Sign in again."))
        }
    }
}

fn too_many(limit: RequestLimit, pause: Duration) -> Error {
    let detail = match limit {
        RequestLimit::User => "This user sends too many requests.",
        RequestLimit::Address => "Too many requests come from this address.",
    };
    Error::RateLimited(ProblemCode::TooManyRequests, detail, pause)
}

/// What the `Authorization` header of a request allows at `now`. Only the token is checked, not its session.
pub fn grant(parts: &Parts, tokens: &Tokens, now: Timestamp) -> Result<Grant, Error> {
    let header = parts.headers.get(AUTHORIZATION).ok_or(Error::unauthenticated("An access token is needed."))?;
    let token = header.to_str().ok().and_then(|value| value.split_once(' '));
    match token {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            tokens.check(token, now).ok_or(Error::unauthenticated("The access token is not valid."))
        }
        _ => Err(Error::unauthenticated("The Authorization header must be of the form: Bearer token.")),
    }
}

/// A valid token whose session may be revoked. For handlers that read the session's mark together with something else;
/// all others take a [`Caller`].
#[derive(Debug, Clone)]
pub struct Bearer {
    /// The token's user.
    pub user: UserId,
    /// The token's session.
    pub session: SessionId,
    /// When the session was opened by a code or a password. Tokens of older versions do not tell.
    pub signed_in_at: Option<Timestamp>,
    /// Where the request comes from.
    pub address: ClientAddress,
}

impl<S: Send + Sync> FromRequestParts<S> for Bearer
where
    Auth: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let auth = Auth::from_ref(state);
        match grant(parts, &auth.tokens, auth.clock.now())? {
            Grant::Session(user, session, signed_in_at) => {
                Ok(Self { user, session, signed_in_at, address: auth.proxies.client(parts) })
            }
            Grant::PasswordReset(..) => Err(Error::forbidden("This token can set a new password and nothing else.")),
        }
    }
}

/// A signed-in user.
#[derive(Debug, Clone, Copy)]
pub struct Caller {
    /// The user.
    pub user: UserId,
    /// The device.
    pub session: SessionId,
    /// When the session was opened by a code or a password. Tokens of older versions do not tell.
    pub signed_in_at: Option<Timestamp>,
}

impl<S: Send + Sync> FromRequestParts<S> for Caller
where
    Auth: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let bearer = Bearer::from_request_parts(parts, state).await?;
        let auth = Auth::from_ref(state);
        auth.check(&bearer).await
    }
}

/// A signed-in user whose request ends access ([`Auth::check_leaving`]).
#[derive(Debug, Clone, Copy)]
pub struct Leaver(pub Caller);

impl<S: Send + Sync> FromRequestParts<S> for Leaver
where
    Auth: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let bearer = Bearer::from_request_parts(parts, state).await?;
        Auth::from_ref(state).check_leaving(&bearer).await.map(Self)
    }
}
