//! Opening sessions, and the tokens that a client gets.

use std::time::Duration;

use serde::Serialize;
use shared::Fault;
use shared::auth::{DeviceToken, DeviceTokens, Grant, RefreshToken, Tokens};
use shared::config::{ConfigError, Env};
use shared::db::sessions::NewSession;
use shared::db::users::User;
use shared::domain::{Clock, Limits, Mobile, SessionId, Timestamp, UserId};
use shared::http::Account;
use utoipa::ToSchema;

/// The tokens of a session.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenSet {
    #[schema(example = "eyJhbGciOiJIUzI1NiIsImtpZCI6ImExIn0.eyJzdWIiOiIwMTlhIn0.c2ln")]
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    #[schema(example = 86400)]
    expires_in: u64,
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

/// The response to a code that was sent to reset a password.
#[derive(Serialize, ToSchema)]
pub(crate) struct ResetToken {
    #[schema(example = "eyJhbGciOiJIUzI1NiIsImtpZCI6ImExIn0.eyJzdWIiOiIwMTlhIn0.c2ln")]
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    #[schema(example = 600)]
    expires_in: u64,
    #[schema(example = "password_reset")]
    scope: &'static str,
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

#[derive(Debug, Clone)]
pub(crate) struct Issuer {
    tokens: Tokens,
    devices: DeviceTokens,
    clock: Clock,
    limits: Limits,
    /// How long a session lasts after its tokens were last renewed.
    session: Duration,
}

impl Issuer {
    /// Reads `REFRESH_TOKEN_DAYS` and the daily limits.
    pub(crate) fn from_env(env: &Env, tokens: Tokens, clock: Clock) -> Result<Self, ConfigError> {
        let days: u32 = env.parsed("REFRESH_TOKEN_DAYS", 30)?;
        let session = Duration::from_secs(u64::from(days) * 86_400);
        let (devices, limits) = (DeviceTokens::from_env(env)?, Limits::from_env(env)?);
        Ok(Self { tokens, devices, clock, limits, session })
    }

    /// When a session ends if its tokens are not renewed after now.
    pub(crate) fn expires_at(&self) -> Timestamp {
        self.clock.now() + self.session
    }

    pub(crate) fn draft(&self) -> Result<Draft, Fault> {
        let refresh = RefreshToken::generate()?;
        let (drafted_at, hash) = (self.clock.now(), refresh.hash());
        Ok(Draft { id: SessionId::generate(), hash, refresh, expires_at: drafted_at + self.session, drafted_at })
    }

    /// The response, after the session was stored.
    pub(crate) fn signed_in(&self, draft: &Draft, user: User) -> Result<SignedIn, Fault> {
        let tokens = self.token_set((user.id, draft.id), &user.mobile, &draft.refresh, draft.drafted_at)?;
        Ok(SignedIn { tokens, user: Account::of(user, self.limits, self.clock.now()) })
    }

    /// The tokens of a session. `checked_at` is a time before the session was seen to be live: if all sessions of the
    /// user end meanwhile, the device token ends too.
    pub(crate) fn token_set(
        &self,
        (user, session): (UserId, SessionId),
        mobile: &Mobile,
        refresh: &RefreshToken,
        checked_at: Timestamp,
    ) -> Result<TokenSet, Fault> {
        let (access_token, expires_in) = self.issue(Grant::Session(user, session))?;
        let device_token = self.devices.issue(mobile, checked_at);
        Ok(TokenSet { access_token, token_type: "Bearer", expires_in, refresh_token: refresh.expose(), device_token })
    }

    /// The device token that a client shows, whosever it is.
    pub(crate) fn device(&self, text: Option<&str>, now: Timestamp) -> Option<DeviceToken> {
        self.devices.read(text, now)
    }

    /// A token that allows to replace the password at `version`, and nothing else.
    pub(crate) fn reset(&self, user: UserId, version: i32) -> Result<ResetToken, Fault> {
        let (access_token, expires_in) = self.issue(Grant::PasswordReset(user, version))?;
        Ok(ResetToken { access_token, token_type: "Bearer", expires_in, scope: "password_reset" })
    }

    /// The refresh token that follows `token`.
    pub(crate) fn successor(&self, token: &RefreshToken) -> RefreshToken {
        self.tokens.successor(token)
    }

    fn issue(&self, grant: Grant) -> Result<(String, u64), Fault> {
        Ok((self.tokens.issue(grant, self.clock.now())?, self.tokens.lifetime(grant).as_secs()))
    }
}
