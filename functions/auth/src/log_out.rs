//! `POST /auth/logout`

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use shared::auth::DeviceTokens;
use shared::cache::Cache;
use shared::db::{Db, sessions};
use shared::domain::Clock;
use shared::http::{FreshSignIn, Leaver, Query, Result};
use shared::telemetry::{self, SecurityEvent};
use utoipa::IntoParams;

use crate::revocation;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Whether all of the user's sessions and device tokens end.
    #[serde(default)]
    everywhere: bool,
}

shared::refusals!(FreshSignInRequired);

/// Sign out
///
/// Ends the caller's session, or all sessions of the user, all device tokens and open codes of their number, and every
/// token for a password reset. The latter needs a sign-in of the last minutes.
#[utoipa::path(
    post, path = "/auth/logout", tag = "Authentication", security(("bearer" = [])), params(Parameters),
    responses((status = 204, description = "The session has ended, or all of them."), Refusals),
)]
pub(crate) async fn log_out(
    State(db): State<Db>,
    State(cache): State<Cache>,
    State(fresh): State<FreshSignIn>,
    State(devices): State<DeviceTokens>,
    State(clock): State<Clock>,
    Leaver(caller): Leaver,
    Query(parameters): Query<Parameters>,
) -> Result<StatusCode> {
    if parameters.everywhere {
        fresh.check(&caller, clock.now())?;
        if let Some(ended) = sessions::revoke_all(&db, caller.user, clock.now()).await? {
            // The time is read after the sessions have ended: a refresh that was faster issued its device token before.
            revocation::mark_everywhere(&cache, &devices, &ended, clock.now()).await;
        }
    } else {
        sessions::revoke(&db, caller.user, caller.session, clock.now()).await?;
        revocation::mark(&cache, &[caller.session]).await;
    }
    telemetry::security(SecurityEvent::SessionsEnded, Some(caller.user));
    Ok(StatusCode::NO_CONTENT)
}
