//! `DELETE /auth/sessions/{session}`

use axum::extract::State;
use axum::http::StatusCode;
use shared::cache::Cache;
use shared::db::{Db, sessions};
use shared::domain::{Clock, SessionId};
use shared::http::{Caller, Error, Path, Result};

use crate::revocation;

/// End a session
///
/// Ends one of the caller's sessions.
#[utoipa::path(
    delete, path = "/auth/sessions/{session}", tag = "Authentication", security(("bearer" = [])),
    params(("session" = SessionId, Path, description = "The session.")),
    responses((status = 204, description = "The session has ended.")),
)]
pub(crate) async fn end_session(
    State(db): State<Db>,
    State(cache): State<Cache>,
    State(clock): State<Clock>,
    caller: Caller,
    Path(session): Path<SessionId>,
) -> Result<StatusCode> {
    if !sessions::revoke(&db, caller.user, session, clock.now()).await? {
        return Err(Error::not_found("session"));
    }
    revocation::mark(&cache, &[session]).await;
    Ok(StatusCode::NO_CONTENT)
}
