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

/// Whoever has not answered by now does not work for a client either.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Health)]
pub(crate) struct Response {
    #[schema(example = "ok")]
    status: &'static str,
}

/// Whether what every function stands on answers: Postgres and Redis, asked at once.
#[utoipa::path(
    get, path = "/health", tag = "Operations", operation_id = "get_health",
    summary = "Is it well?",
    description = "Asks what everything stands on: the database and the cache. `missing` of the problem names what does not answer.",
    responses((status = 200, body = Response, description = "All is well.")),
)]
pub(crate) async fn health(State(db): State<Db>, State(cache): State<Cache>) -> Result<Json<Response>> {
    let (postgres, redis) = tokio::join!(answers("postgres", db.ping()), answers("redis", cache.ping()));
    let missing: Vec<_> = [postgres, redis].into_iter().flatten().collect();
    if missing.is_empty() { Ok(Json(Response { status: "ok" })) } else { Err(Error::Down(missing)) }
}

/// The name of what does not answer. Why is for the log.
async fn answers(name: &'static str, ping: impl Future<Output = Result<(), Fault>>) -> Option<&'static str> {
    match timeout(PATIENCE, ping).await {
        Ok(Ok(())) => return None,
        Ok(Err(error)) => tracing::error!(%error, name, "does not answer"),
        Err(_) => tracing::error!(name, "does not answer in time"),
    }
    Some(name)
}
