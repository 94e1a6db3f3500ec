//! `GET /auth/sessions`

use axum::extract::State;
use serde::Serialize;
use shared::db::{Db, sessions};
use shared::domain::{Clock, SessionId, Timestamp};
use shared::http::{Caller, Json, Result};
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SessionList)]
pub(crate) struct Response {
    data: Vec<Session>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Session {
    id: SessionId,
    created_at: Timestamp,
    last_used_at: Timestamp,
    #[schema(example = "ChatApp/1.4 (iPhone; iOS 19.1)")]
    user_agent: Option<String>,
    /// Whether it is the session of this request.
    current: bool,
}

/// List the sessions
///
/// Returns the caller's live sessions, the latest used first.
#[utoipa::path(
    get, path = "/auth/sessions", tag = "Authentication", security(("bearer" = [])),
    responses((status = 200, body = Response, description = "The sessions.")),
)]
pub(crate) async fn list_sessions(
    State(db): State<Db>,
    State(clock): State<Clock>,
    caller: Caller,
) -> Result<Json<Response>> {
    let rows = sessions::list(&db, caller.user, clock.now()).await?;
    let session = |row: sessions::Session| Session {
        current: row.id == caller.session,
        id: row.id,
        created_at: row.created_at,
        last_used_at: row.last_used_at,
        user_agent: row.user_agent,
    };
    Ok(Json(Response { data: rows.into_iter().map(session).collect() }))
}
