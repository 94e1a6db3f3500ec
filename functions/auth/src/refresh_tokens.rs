//! `POST /auth/refresh`

use axum::extract::State;
use serde::Deserialize;
use shared::auth::RefreshToken;
use shared::cache::Cache;
use shared::db::Db;
use shared::db::sessions::{self, Rotation};
use shared::domain::Clock;
use shared::http::{Error, Json, ProblemCode, Result};
use utoipa::ToSchema;

use crate::revocation;
use crate::tokens::{Issuer, TokenSet};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RefreshRequest)]
pub(crate) struct Request {
    #[schema(example = "9Zc0fN2bV8mQ1xK7pT4sL6wR3yH5jD0aUeGiBoCkMnE")]
    refresh_token: String,
    /// May be sent, as at every sign-in. The session proves more, so the response has a new one in any case.
    #[serde(rename = "device_token")]
    _device_token: Option<String>,
}

shared::refusals!(RefreshInvalid);

const INVALID: Error =
    Error::refused(ProblemCode::RefreshInvalid, "The refresh token is not valid any more. Sign in again.");

/// Renew the tokens
///
/// Exchanges a refresh token for its successor and a new access token. A token that is used again later ends its session.
// A token that is used again later than a lost response explains was stolen: one of its two users is a thief.
#[utoipa::path(
    post, path = "/auth/refresh", tag = "Authentication",
    request_body = Request,
    responses((status = 200, body = TokenSet, description = "New tokens."), Refusals),
)]
pub(crate) async fn refresh_tokens(
    State(db): State<Db>,
    State(cache): State<Cache>,
    State(issuer): State<Issuer>,
    State(clock): State<Clock>,
    Json(request): Json<Request>,
) -> Result<Json<TokenSet>> {
    let old = RefreshToken::parse(&request.refresh_token).ok_or(INVALID)?;
    let (new, now) = (issuer.successor(&old), clock.now());
    match sessions::rotate(&db, &old.hash(), &new.hash(), issuer.expires_at(), now).await? {
        Rotation::Rotated(session, user, mobile) => Ok(Json(issuer.token_set((user, session), &mobile, &new, now)?)),
        Rotation::Reused(session) => {
            tracing::warn!(%session, "a refresh token was used again: its session is revoked");
            revocation::mark(&cache, &[session]).await;
            Err(INVALID)
        }
        Rotation::Unknown => Err(INVALID),
    }
}
