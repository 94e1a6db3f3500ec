//! Sends one-time codes by SMS. The queue names challenges; the code is derived here, told to SNS and to nobody else.
//!
//! - [`Sender::handle`] takes a batch and answers what is to be delivered again.
//! - A delivery is one record: `delivery`. The SMS itself: `sms`.

mod delivery;
mod sms;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use shared::auth::Codes;
use shared::cache::Cache;
use shared::config::{ConfigError, Env};
use shared::db::Db;
use shared::domain::Clock;
use shared::telemetry;
use tokio::task::JoinSet;

use sms::Sms;

/// Delivers codes. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Sender {
    db: Db,
    cache: Cache,
    codes: Codes,
    sms: Sms,
    clock: Clock,
}

/// Runs as a Lambda.
pub async fn serve(sender: Sender) -> Result<(), Error> {
    let sender = &sender;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<SqsEvent>| {
        Ok::<_, Error>(sender.handle(event.payload).await)
    }))
    .await
}

impl Sender {
    /// Of the environment.
    pub fn from_env(env: &Env, clock: Clock) -> Result<Self, ConfigError> {
        Ok(Self {
            db: Db::from_env(env)?,
            cache: Cache::from_env(env)?,
            codes: Codes::from_env(env)?,
            sms: Sms::from_env(env)?,
            clock,
        })
    }

    /// Delivers a batch side by side; a record that fails, or panics, is alone in being delivered again.
    pub async fn handle(&self, batch: SqsEvent) -> SqsBatchResponse {
        let mut deliveries = JoinSet::new();
        let mut ids = std::collections::HashMap::new();
        for record in batch.records {
            let (sender, id) = (self.clone(), record.message_id.clone().unwrap_or_default());
            ids.insert(deliveries.spawn(async move { sender.deliver(&record).await }).id(), id);
        }
        let mut answer = SqsBatchResponse::default();
        while let Some(done) = deliveries.join_next_with_id().await {
            let (task, delivered) = match done {
                Ok(done) => done,
                Err(panicked) => (panicked.id(), false),
            };
            if !delivered {
                telemetry::count("OtpSendFailed", 1, self.clock.now());
                answer.add_failure(ids.remove(&task).unwrap_or_default());
            }
        }
        answer
    }

    /// Whether a record is done with; what went wrong is logged here.
    async fn deliver(&self, record: &SqsMessage) -> bool {
        match self.delivery(record.body.as_deref().unwrap_or_default()).await {
            Ok(outcome) => {
                tracing::info!(?outcome, "code dealt with");
                true
            }
            Err(error) => {
                tracing::error!(%error, "a code was not sent and is tried again");
                false
            }
        }
    }
}
