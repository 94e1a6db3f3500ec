//! `migrate`: migrates the database to its newest schema during the deployment, before any other function changes, and
//! refuses the deployment if a setting of any function is not fit for its stage.
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
use shared::db::runtime_role::RuntimeRole;
use shared::tls;
use tokio::time::timeout;

pub use event::{Event, Operator, RequestType, Resource};

use crate::schema::{Applied, Failure};

/// Below the function's timeout in the template, so that CloudFormation gets an answer if a migration takes too long.
pub const PATIENCE: Duration = Duration::from_secs(100);

const TOO_POWERFUL: &str = "the role of DATABASE_URL may change the schema: give migrations a role of their own";

/// What is migrated, and the role of the functions, if it is another one than that of the migrations.
type Database = (Db, Option<RuntimeRole>);

/// The function: a database, and a way to answer CloudFormation.
#[derive(Debug, Clone)]
pub struct Migrate {
    /// The database, or what is wrong with the settings. The function starts with wrong settings too: otherwise
    /// CloudFormation would wait for an answer until it gives up, and a stack could not be deleted.
    database: Result<Database, String>,
    /// Whether the functions may change the schema although real users depend on it.
    has_one_role: bool,
    http: reqwest::Client,
}

impl Migrate {
    /// Reads `MIGRATION_DATABASE_URL`, `DATABASE_URL` and `TLS_CA_FILE`, and checks the settings of all
    /// functions ([`Env::refusals`]).
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::public())
            .timeout(Duration::from_secs(10))
            .build()
            .map_err(|error| ConfigError::new("TLS_CA_FILE", error.to_string()))?;
        let database = database(env);
        let has_one_role = env.is_production() && matches!(database, Ok((_, None)));
        Ok(Self { database, has_one_role, http })
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
        if self.has_one_role {
            tracing::warn!("{TOO_POWERFUL}");
        }
        let outcome = match &self.database {
            Ok((db, role)) => {
                let applied = timeout(PATIENCE, schema::apply(db, role.as_ref(), version)).await;
                applied.unwrap_or(Err(Failure::Late))
            }
            Err(problems) => Err(Failure::Settings(problems.clone())),
        };
        match &outcome {
            Ok(applied) => {
                tracing::info!(all = ?applied.all, now = ?applied.now, role = ?applied.role, "migrated");
                if applied.role.as_ref().is_some_and(|role| role.may_change_schema) {
                    tracing::warn!("{TOO_POWERFUL}");
                }
            }
            Err(failure) => tracing::error!(%failure, cause = failure.cause(), "not migrated"),
        }
        outcome
    }
}

/// The database to migrate, or every setting that is not fit.
fn database(env: &Env) -> Result<Database, String> {
    let refusals = env.refusals();
    if refusals.is_empty() {
        let database = Db::for_migrations(env).and_then(|db| Ok((db, RuntimeRole::from_env(env)?)));
        return database.map_err(|error| error.to_string());
    }
    Err(refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}
