//! `migrate`: migrates the database to its newest schema during the deployment, before any other function changes.
//!
//! - [`Event`]: requests of CloudFormation or an operator. [`schema`]: the migrations. `session`: their transaction.
//!   `answer`: the response.

mod answer;
mod event;
pub mod schema;
mod session;

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent};
use serde_json::{Value, json};
use shared::config::{ConfigError, Env};
use shared::db::Db;
use shared::tls;
use tokio::time::timeout;

pub use event::{Event, Operator, RequestType, Resource};

use crate::schema::{Applied, Failure};

/// Below the function's timeout in the template, so that CloudFormation gets an answer if a migration takes too long.
pub const PATIENCE: Duration = Duration::from_secs(100);

/// The function: a database, and a way to answer CloudFormation.
#[derive(Debug, Clone)]
pub struct Migrate {
    db: Db,
    http: reqwest::Client,
}

impl Migrate {
    /// Reads `MIGRATION_DATABASE_URL`, or `DATABASE_URL` without it, and `TLS_CA_FILE`.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::public())
            .timeout(Duration::from_secs(10))
            .build()
            .map_err(|error| ConfigError::new("TLS_CA_FILE", error.to_string()))?;
        Ok(Self { db: Db::for_migrations(env)?, http })
    }

    /// Handles a request. A resource that is created or updated migrates; one that is deleted changes nothing. An
    /// operator's `{}` migrates and gets the response directly. Lambda may retry a request; that is harmless.
    pub async fn handle(&self, event: LambdaEvent<Event>) -> Result<Value, Error> {
        let resource = match event.payload {
            Event::Operator(_) => {
                // As text: the runtime logs errors in full, and Postgres' would show rows.
                let applied = self.apply(None).await.map_err(|failure| failure.to_string())?;
                return Ok(json!({ "applied": applied.all, "applied_now": applied.now }));
            }
            Event::Resource(resource) => resource,
        };
        let outcome = match resource.request_type {
            RequestType::Create | RequestType::Update => self.apply(resource.schema_version()).await.map(Some),
            RequestType::Delete => Ok(None),
        };
        answer::send(&self.http, &resource, &outcome, &event.context.request_id).await?;
        Ok(Value::Null)
    }

    async fn apply(&self, version: Option<&str>) -> Result<Applied, Failure> {
        let outcome = timeout(PATIENCE, schema::apply(&self.db, version)).await.unwrap_or(Err(Failure::Late));
        match &outcome {
            Ok(applied) => tracing::info!(all = ?applied.all, now = ?applied.now, "migrated"),
            Err(failure) => tracing::error!(%failure, cause = failure.cause(), "not migrated"),
        }
        outcome
    }
}
