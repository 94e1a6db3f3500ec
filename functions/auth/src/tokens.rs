//! Opening sessions, and the tokens that a client gets.

use std::time::Duration;

use serde::Serialize;
use shared::Fault;
use shared::auth::{DeviceToken, DeviceTokens, Grant, RefreshToken, Tokens};
use shared::config::{ConfigError, Env};
use shared::db::Db;
use shared::db::refresh_tokens::{self, Presented, Renewed, Rotation};
use shared::db::sessions::NewSession;
use shared::db::users::User;
use shared::domain::{Clock, Limits, Mobile, SessionId, Timestamp, UserId};
use shared::http::{Account, Error, Result};
use utoipa::ToSchema;

/// What an access token allows.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TokenScope {
    /// Everything that its user may do.
    Session,
    /// To set a password once, and nothing else.
    PasswordReset,
}

/// How an access token is sent.
#[derive(Serialize, ToSchema)]
pub(crate) enum TokenType {
    /// As `Authorization: Bearer`.
    Bearer,
}

/// The tokens of a session.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenSet {
    #[schema(example = "eyJhbGciOiJIUzI1NiIsImtpZCI6ImExIn0.eyJzdWIiOiIwMTlhIn0.c2ln")]
    access_token: String,
    token_type: TokenType,
    #[schema(value_type = u32, example = 86400)]
    expires_in: u64,
    /// Always `session`.
    scope: TokenScope,
    #[schema(example = "9Zc0fN2bV8mQ1xK7pT4sL6wR3yH5jD0aUeGiBoCkMnE")]
    refresh_token: String,
    /// Proves that somebody signed in to this number here, and nothing else. Keep it when the user signs out, and send
    /// it when they request a code or sign in again: strangers cannot spend the limits of its holders.
    #[schema(example = "a1.Zk3mX0c5Qm2t8sVb1yWn4A.1795435200000.7m0J8bQk3cYx2Pz5nRt9uWv1aSdFgHjKlQwErTyUiOp")]
    device_token: String,
}

/// The response to a sign-in.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignedIn {
    #[serde(flatten)]
    tokens: TokenSet,
    user: Account,
}

/// The response to a right code. `scope` tells what it is: a sign-in has every field, a password reset has no session
/// and no `user`.
// One schema with optional fields, and no union: many languages have no type for a union.
#[derive(Serialize, ToSchema)]
pub(crate) struct Verified {
    #[schema(example = "eyJhbGciOiJIUzI1NiIsImtpZCI6ImExIn0.eyJzdWIiOiIwMTlhIn0.c2ln")]
    access_token: String,
    token_type: TokenType,
    #[schema(value_type = u32, example = 86400)]
    expires_in: u64,
    scope: TokenScope,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "9Zc0fN2bV8mQ1xK7pT4sL6wR3yH5jD0aUeGiBoCkMnE")]
    refresh_token: Option<String>,
    /// See `TokenSet`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        example = "a1.Zk3mX0c5Qm2t8sVb1yWn4A.1795435200000.7m0J8bQk3cYx2Pz5nRt9uWv1aSdFgHjKlQwErTyUiOp"
    )]
    device_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    user: Option<Account>,
}

impl From<SignedIn> for Verified {
    fn from(SignedIn { tokens, user }: SignedIn) -> Self {
        let TokenSet { access_token, token_type, expires_in, scope, refresh_token, device_token } = tokens;
        let (refresh_token, device_token) = (Some(refresh_token), Some(device_token));
        Self { access_token, token_type, expires_in, scope, refresh_token, device_token, user: Some(user) }
    }
}

/// A session that is about to be opened.
pub(crate) struct Draft {
    id: SessionId,
    refresh: RefreshToken,
    hash: [u8; 32],
    expires_at: Timestamp,
    drafted_at: Timestamp,
}

impl Draft {
    /// The session as it is stored.
    pub(crate) fn session<'a>(&'a self, user_agent: Option<&'a str>) -> NewSession<'a> {
        NewSession { id: self.id, refresh_hash: &self.hash, user_agent, expires_at: self.expires_at }
    }
}

/// A stored session, as far as its tokens tell of it.
pub(crate) struct Stored<'a> {
    pub(crate) user: UserId,
    pub(crate) mobile: &'a Mobile,
    pub(crate) id: SessionId,
    pub(crate) signed_in_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    /// A time before it was seen to be live: if all sessions of the user end meanwhile, the device token ends too.
    pub(crate) seen_live_at: Timestamp,
}

#[derive(Debug, Clone)]
pub(crate) struct Issuer {
    tokens: Tokens,
    devices: DeviceTokens,
    clock: Clock,
    limits: Limits,
    /// How long a session lasts after its tokens were last renewed.
    session: Duration,
    /// The days after its sign-in when a session ends in any case.
    most_days: Option<i32>,
}

impl Issuer {
    /// Reads `REFRESH_TOKEN_DAYS`, `SESSION_MAX_DAYS` (0: none) and the daily limits.
    pub(crate) fn from_env(env: &Env, tokens: Tokens, clock: Clock) -> Result<Self, ConfigError> {
        let session = days(env.parsed("REFRESH_TOKEN_DAYS", 30)?);
        let most: u16 = env.parsed("SESSION_MAX_DAYS", 0)?;
        let most_days = (most > 0).then(|| i32::from(most));
        let (devices, limits) = (DeviceTokens::from_env(env)?, Limits::from_env(env)?);
        Ok(Self { tokens, devices, clock, limits, session, most_days })
    }

    pub(crate) fn draft(&self) -> Result<Draft, Fault> {
        let refresh = RefreshToken::generate()?;
        let lasts = self.most_days.map_or(self.session, |most| self.session.min(days(most.unsigned_abs())));
        let (drafted_at, hash) = (self.clock.now(), refresh.hash());
        Ok(Draft { id: SessionId::generate(), hash, refresh, expires_at: drafted_at + lasts, drafted_at })
    }

    /// The response, after the session was stored.
    pub(crate) fn signed_in(&self, draft: &Draft, user: User) -> Result<SignedIn, Fault> {
        let now = self.clock.now();
        let stored = Stored {
            user: user.id,
            mobile: &user.mobile,
            id: draft.id,
            signed_in_at: now,
            expires_at: draft.expires_at,
            seen_live_at: draft.drafted_at,
        };
        let tokens = self.token_set(&stored, &draft.refresh, now)?;
        Ok(SignedIn { tokens, user: self.account(user, now) })
    }

    /// An account as its owner sees it.
    pub(crate) fn account(&self, user: User, now: Timestamp) -> Account {
        Account::of(user, self.limits, now)
    }

    /// The tokens of a session. The access token does not outlive it.
    pub(crate) fn token_set(&self, of: &Stored<'_>, refresh: &RefreshToken, now: Timestamp) -> Result<TokenSet, Fault> {
        let grant = Grant::Session(of.user, of.id, Some(of.signed_in_at));
        let lifetime = self.tokens.lifetime(grant).min(of.expires_at.since(now));
        let access_token = self.tokens.issue_for(grant, lifetime, now)?;
        let device_token = self.devices.issue(of.mobile, of.seen_live_at);
        let (expires_in, refresh_token) = (lifetime.as_secs(), refresh.expose());
        Ok(TokenSet {
            access_token,
            token_type: TokenType::Bearer,
            expires_in,
            scope: TokenScope::Session,
            refresh_token,
            device_token,
        })
    }

    /// The device token that a client shows, whosever it is.
    pub(crate) fn device(&self, text: Option<&str>, now: Timestamp) -> Option<DeviceToken> {
        self.devices.read(text, now)
    }

    /// A token that allows to replace the password at `version`, and nothing else.
    pub(crate) fn reset(&self, user: UserId, version: i32) -> Result<Verified, Fault> {
        let grant = Grant::PasswordReset(user, version);
        let access_token = self.tokens.issue(grant, self.clock.now())?;
        let expires_in = self.tokens.lifetime(grant).as_secs();
        Ok(Verified {
            access_token,
            token_type: TokenType::Bearer,
            expires_in,
            scope: TokenScope::PasswordReset,
            refresh_token: None,
            device_token: None,
            user: None,
        })
    }

    /// Exchanges a refresh token for its successor.
    pub(crate) async fn renew(&self, db: &Db, old: &RefreshToken, now: Timestamp) -> Result<Renewal> {
        let Some(new) = self.tokens.successors(old, now).next() else { return Ok(Renewal::Unknown) };
        let presented = Presented {
            hash: &old.hash(),
            successor: &new.hash(),
            expires_at: now + self.session,
            most_days: self.most_days,
        };
        let renewed = match refresh_tokens::rotate(db, &presented, now).await? {
            Rotation::Renewed(renewed) => renewed,
            Rotation::Reused(session, user) => return Ok(Renewal::Reused(session, user)),
            Rotation::Unknown => return Ok(Renewal::Unknown),
        };
        let Renewed { session_id, user_id, mobile, created_at, expires_at, head, made_at } = renewed;
        let successor = self.tokens.successors(old, made_at).find(|token| token.hash() == head[..]);
        // Asked again during a rotation of the keys: the other request was served by a process that has other ones.
        let successor = successor.ok_or(Error::Unavailable(Fault::Bug("a successor's key is not live here")))?;
        let stored = Stored {
            user: user_id,
            mobile: &mobile,
            id: session_id,
            signed_in_at: created_at,
            expires_at,
            seen_live_at: now,
        };
        Ok(Renewal::Renewed(self.token_set(&stored, &successor, now)?, user_id))
    }
}

/// The result of a refresh.
pub(crate) enum Renewal {
    Renewed(TokenSet, UserId),
    /// The token was used before: its session is revoked.
    Reused(SessionId, UserId),
    Unknown,
}

fn days(number: u32) -> Duration {
    Duration::from_secs(u64::from(number) * 86_400)
}
