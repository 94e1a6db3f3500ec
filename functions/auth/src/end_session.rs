//! `DELETE /auth/sessions/{session}`

use axum::extract::State;
use axum::http::StatusCode;
use shared::cache::Cache;
use shared::db::{Db, sessions};
use shared::domain::{Clock, SessionId};
use shared::http::{Error, FreshSignIn, Leaver, Path, Result};
use shared::telemetry::{self, SecurityEvent};

use crate::revocation;

shared::refusals!(FreshSignInRequired);

/// End a session
///
/// Ends one of the caller's sessions. To end another one than that of the request needs a sign-in of the last minutes.
#[utoipa::path(
    delete, path = "/auth/sessions/{session}", tag = "Authentication", security(("bearer" = [])),
    params(("session" = SessionId, Path, description = "The session.")),
    responses((status = 204, description = "The session has ended."), Refusals),
)]
pub(crate) async fn end_session(
    State(db): State<Db>,
    State(cache): State<Cache>,
    State(fresh): State<FreshSignIn>,
    State(clock): State<Clock>,
    Leaver(caller): Leaver,
    Path(session): Path<SessionId>,
) -> Result<StatusCode> {
    if session != caller.session {
        fresh.check(&caller, clock.now())?;
    }
    if !sessions::revoke(&db, caller.user, session, clock.now()).await? {
        return Err(Error::not_found("session"));
    }
    telemetry::security(SecurityEvent::SessionsEnded, Some(caller.user));
    revocation::mark(&cache, &[session]).await;
    Ok(StatusCode::NO_CONTENT)
}
