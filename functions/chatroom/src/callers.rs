//! Callers whose request changes the list of rooms. The announcement of the change and the check of the session are one
//! round trip.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use shared::cache::Cache;
use shared::domain::UserId;
use shared::http::{Auth, Bearer, Error};

/// A signed-in user whose list is marked as being written, so that it is not read from the cache meanwhile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RoomWriter {
    pub(crate) user: UserId,
}

impl<S: Send + Sync> FromRequestParts<S> for RoomWriter
where
    Auth: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let bearer = Bearer::from_request_parts(parts, state).await?;
        let auth = Auth::from_ref(state);
        let caller = auth.identify(&bearer, auth.cache.writing_rooms(&auth.visit(&bearer))).await?;
        Ok(Self { user: caller.user })
    }
}

impl RoomWriter {
    /// Lets the list be cached again. If that fails, or is never called, the mark expires by itself.
    pub(crate) async fn written(&self, cache: &Cache) {
        if let Err(error) = cache.rooms_written(self.user).await {
            tracing::warn!(%error, "the list of rooms cannot be cached for a while");
        }
    }
}
