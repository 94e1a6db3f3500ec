//! `GET /health`

use std::time::Duration;

use axum::extract::State;
use serde::Serialize;
use shared::Fault;
use shared::cache::Cache;
use shared::db::Db;
use shared::http::{Error, Json, Result};
use tokio::time::timeout;
use utoipa::ToSchema;

/// A store that takes longer than this does not work for clients either.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Health)]
pub(crate) struct Response {
    #[schema(example = "ok")]
    status: &'static str,
}

/// Read the health
///
/// Asks the database and the cache for what requests ask of them. If one does not do it, the problem names it in
/// `missing`.
#[utoipa::path(
    get, path = "/health", tag = "Operations",
    responses((status = 200, body = Response, description = "Everything answers.")),
)]
pub(crate) async fn get_health(State(db): State<Db>, State(cache): State<Cache>) -> Result<Json<Response>> {
    let (postgres, redis) = tokio::join!(answers("postgres", db.ping()), answers("redis", cache.ping()));
    let missing: Vec<_> = [postgres, redis].into_iter().flatten().collect();
    if missing.is_empty() { Ok(Json(Response { status: "ok" })) } else { Err(Error::Down(missing)) }
}

/// Returns the name of a store that does not answer, and logs why.
async fn answers(name: &'static str, ping: impl Future<Output = Result<(), Fault>>) -> Option<&'static str> {
    match timeout(PATIENCE, ping).await {
        Ok(Ok(())) => return None,
        Ok(Err(error)) => tracing::error!(%error, name, "does not answer"),
        Err(_) => tracing::error!(name, "does not answer in time"),
    }
    Some(name)
}
