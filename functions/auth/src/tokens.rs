//! Opening sessions, and what a client gets of one.

use std::time::Duration;

use serde::Serialize;
use shared::Fault;
use shared::auth::{Grant, RefreshToken, Tokens};
use shared::config::{ConfigError, Env};
use shared::db::users::{NewSession, User};
use shared::domain::{Clock, SessionId, Tier, Timestamp, UserId};

/// The tokens of a session.
#[derive(Serialize)]
pub(crate) struct TokenSet {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    refresh_token: String,
}

/// The answer to a sign-in.
#[derive(Serialize)]
pub(crate) struct SignedIn {
    #[serde(flatten)]
    tokens: TokenSet,
    user: Account,
}

#[derive(Serialize)]
struct Account {
    id: UserId,
    mobile: String,
    name: Option<String>,
    email: Option<String>,
    tier: Tier,
    created_at: Timestamp,
}

/// The answer to a code that was sent to reset a password.
#[derive(Serialize)]
pub(crate) struct ResetToken {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    scope: &'static str,
}

/// A session that is about to be opened.
pub(crate) struct Draft {
    id: SessionId,
    refresh: RefreshToken,
    hash: [u8; 32],
    expires_at: Timestamp,
}

impl Draft {
    pub(crate) fn of<'a>(&'a self, user_agent: Option<&'a str>) -> NewSession<'a> {
        NewSession { id: self.id, refresh_hash: &self.hash, user_agent, expires_at: self.expires_at }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Issuer {
    tokens: Tokens,
    clock: Clock,
    /// How long a session lasts, however often its tokens are renewed.
    session: Duration,
}

impl Issuer {
    /// Of `REFRESH_TOKEN_DAYS`.
    pub(crate) fn from_env(env: &Env, tokens: Tokens, clock: Clock) -> Result<Self, ConfigError> {
        let days: u32 = env.parsed("REFRESH_TOKEN_DAYS", 30)?;
        Ok(Self { tokens, clock, session: Duration::from_secs(u64::from(days) * 86_400) })
    }

    pub(crate) fn draft(&self) -> Result<Draft, Fault> {
        let refresh = RefreshToken::generate()?;
        let expires_at = self.clock.now() + self.session;
        Ok(Draft { id: SessionId::generate(), hash: refresh.hash(), refresh, expires_at })
    }

    /// The answer once the session is stored.
    pub(crate) fn signed_in(&self, draft: &Draft, user: User) -> Result<SignedIn, Fault> {
        let tokens = self.token_set(user.id, draft.id, &draft.refresh)?;
        let User { id, mobile, name, email, created_at, tier, .. } = user;
        Ok(SignedIn { tokens, user: Account { id, mobile, name, email, tier, created_at } })
    }

    pub(crate) fn token_set(
        &self,
        user: UserId,
        session: SessionId,
        refresh: &RefreshToken,
    ) -> Result<TokenSet, Fault> {
        let (access_token, expires_in) = self.issue(Grant::Session(user, session))?;
        Ok(TokenSet { access_token, token_type: "Bearer", expires_in, refresh_token: refresh.expose() })
    }

    /// Permission to replace the password that is at `version`, and for nothing else.
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
