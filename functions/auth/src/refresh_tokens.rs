//! `POST /auth/refresh`

use axum::extract::State;
use serde::Deserialize;
use shared::auth::RefreshToken;
use shared::cache::Cache;
use shared::db::Db;
use shared::domain::Clock;
use shared::http::{Error, Json, ProblemCode, Result};
use shared::telemetry::{self, SecurityEvent};
use utoipa::ToSchema;

use crate::revocation;
use crate::throttle::Throttle;
use crate::tokens::{Issuer, Renewal, TokenSet};

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

shared::refusals!(RefreshInvalid, RefreshUserLimit);

const INVALID: Error =
    Error::refused(ProblemCode::RefreshInvalid, "The refresh token is not valid any more. Sign in again.");

/// Renew the tokens
///
/// Exchanges a refresh token for its successor and a new access token. A client that did not get the response repeats
/// the request: the token is accepted until its successor is used. After that its use ends the session.
// A token that is used after its successor was stolen: one of the two users is a thief.
#[utoipa::path(
    post, path = "/auth/refresh", tag = "Authentication",
    request_body = Request,
    responses((status = 200, body = TokenSet, description = "New tokens."), Refusals),
)]
pub(crate) async fn refresh_tokens(
    State(db): State<Db>,
    State(cache): State<Cache>,
    State(issuer): State<Issuer>,
    State(throttle): State<Throttle>,
    State(clock): State<Clock>,
    Json(request): Json<Request>,
) -> Result<Json<TokenSet>> {
    let old = RefreshToken::parse(&request.refresh_token).ok_or(INVALID)?;
    match issuer.renew(&db, &old, clock.now()).await? {
        Renewal::Renewed(tokens, user) => {
            // Only Postgres knows the user. A client that is refused presents the same token again, as after a lost answer.
            throttle.admit_refresh(user).await?;
            Ok(Json(tokens))
        }
        Renewal::Reused(session, user) => {
            telemetry::security(SecurityEvent::RefreshReused, Some(user));
            revocation::mark(&cache, &[session]).await;
            Err(INVALID)
        }
        Renewal::Unknown => Err(INVALID),
    }
}
