//! Sends one-time codes and notices by SMS. A record names a challenge; the code is derived here and passed only to SNS.
//!
//! - [`OtpSender::handle`] takes a batch and returns the records that must be delivered again.
//! - `delivery` handles one record. `sms` sends the message.

mod delivery;
mod sms;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use shared::auth::OneTimeCodes;
use shared::cache::{Cache, HandoverLimits};
use shared::config::{ConfigError, Env};
use shared::db::Db;
use shared::domain::Clock;
use shared::queue::{cause_of, span_of};
use shared::runtime::invocation;
use shared::telemetry::{self, Origin, within};
use tokio::task::JoinSet;

use sms::Sms;

/// Delivers codes. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct OtpSender {
    db: Db,
    cache: Cache,
    codes: OneTimeCodes,
    sms: Sms,
    limits: HandoverLimits,
    clock: Clock,
}

/// Runs as a Lambda.
pub async fn serve(sender: OtpSender) -> Result<(), Error> {
    let sender = &sender;
    lambda_runtime::run(service_fn(|LambdaEvent { payload, context }: LambdaEvent<SqsEvent>| {
        invocation(&context, async { Ok::<_, Error>(sender.handle(payload).await) })
    }))
    .await
}

impl OtpSender {
    /// Reads the settings.
    pub fn from_env(env: &Env, clock: Clock) -> Result<Self, ConfigError> {
        Ok(Self {
            db: Db::from_env(env)?,
            cache: Cache::from_env(env)?,
            codes: OneTimeCodes::from_env(env)?,
            sms: Sms::from_env(env)?,
            limits: HandoverLimits::from_env(env)?,
            clock,
        })
    }

    /// Delivers the records of a batch at the same time. Only records that fail or panic are delivered again.
    pub async fn handle(&self, batch: SqsEvent) -> SqsBatchResponse {
        let (mut deliveries, invocation) = (JoinSet::new(), Origin::current().request_id);
        let mut ids = std::collections::HashMap::new();
        for record in batch.records {
            let (sender, id) = (self.clone(), record.message_id.clone().unwrap_or_default());
            let cause = cause_of(&record);
            let span = span_of(&cause, invocation.as_deref());
            let delivery = within(cause, span, async move { sender.deliver(&record).await });
            ids.insert(deliveries.spawn(delivery).id(), id);
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

    /// Whether a record is finished. Errors are logged here.
    async fn deliver(&self, record: &SqsMessage) -> bool {
        match self.delivery(record.body.as_deref().unwrap_or_default()).await {
            Ok(outcome) => {
                tracing::info!(?outcome, "code processed");
                true
            }
            Err(error) => {
                tracing::error!(%error, "a code was not sent and is retried");
                false
            }
        }
    }
}
