//! `GET /health`

use std::time::Duration;

use axum::extract::State;
use serde::Serialize;
use shared::Fault;
use shared::cache::Cache;
use shared::db::Db;
use shared::domain::Clock;
use shared::http::{Error, Json, Result, Store};
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::model_health;
use crate::newcomer::Newcomer;

/// A store that takes longer than this does not work for clients either.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Health)]
pub(crate) struct Response {
    #[schema(example = "ok")]
    status: Status,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = HealthStatus)]
enum Status {
    /// Everything works.
    Ok,
    /// The API works, but for some minutes replies have only failed: the model does not answer.
    Degraded,
}

/// Read the health
///
/// Asks the database and the cache for what requests ask of them, a connection included. If one does not do it, the
/// problem names it in `missing`. The status is `degraded` if for some minutes replies have only failed.
#[utoipa::path(
    get, path = "/health", tag = "Operations",
    responses((status = 200, body = Response, description = "The stores answer.")),
)]
pub(crate) async fn get_health(
    State(db): State<Db>,
    State(cache): State<Cache>,
    State(clock): State<Clock>,
    State(newcomer): State<Newcomer>,
) -> Result<Json<Response>> {
    let asked = async { db.ping().await.and(newcomer.look(clock.now()).await) };
    let (postgres, redis) = tokio::join!(answers(Store::Postgres, asked), answers(Store::Redis, cache.ping()));
    let missing: Vec<_> = [postgres, redis].into_iter().flatten().collect();
    if !missing.is_empty() {
        return Err(Error::Down(missing));
    }
    let is_down = model_health::is_down(&db, clock.now()).await?;
    Ok(Json(Response { status: if is_down { Status::Degraded } else { Status::Ok } }))
}

/// Returns a store that does not answer, and logs why.
async fn answers(store: Store, ping: impl Future<Output = Result<(), Fault>>) -> Option<Store> {
    let name = store.as_str();
    match timeout(PATIENCE, ping).await {
        Ok(Ok(())) => return None,
        Ok(Err(error)) => tracing::error!(%error, name, "does not answer"),
        Err(_) => tracing::error!(name, "does not answer in time"),
    }
    Some(store)
}
