//! Makes the replies: receives batches from the two queues, works on their rooms at the same time, and reports exactly
//! the records that must be retried.
//!
//! - [`batch`]: groups records by room and isolates panics. - [`room`]: one room's turns, in order.
//! - [`attempt`]: one attempt, with its lease. - `ending`: the end of a reply. - [`records`]: how long the queue hides
//!   the records.
//! - [`live`]: the text while it is read, for those who watch.
//! - [`gemini`]: Google's wire format. - [`policy`]: what an answer or a failure means for the reply.

mod attempt;
pub mod batch;
mod context;
mod ending;
pub mod gemini;
pub mod live;
mod metrics;
pub mod policy;
mod records;
pub mod room;

use std::time::Duration;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use shared::cache::Cache;
use shared::config::{ConfigError, Env};
use shared::db::Db;
use shared::domain::Clock;
use shared::queue::ReplyQueues;
use shared::runtime::invocation;

use crate::batch::Job;
use crate::context::Bounds;
use crate::gemini::Gemini;

/// Time for the writes before and after an attempt. A lease is longer than the wait for the first token by this.
pub const MARGIN: Duration = Duration::from_secs(5);

/// Everything a reply needs. Cloning is cheap; connections live as long as the process.
#[derive(Debug, Clone)]
pub struct Worker {
    db: Db,
    cache: Cache,
    queues: ReplyQueues,
    gemini: Gemini,
    bounds: Bounds,
    clock: Clock,
    /// How long one attempt may take in all.
    whole: Duration,
}

impl Worker {
    /// Reads the settings.
    pub fn from_env(env: &Env, clock: Clock) -> Result<Self, ConfigError> {
        Ok(Self {
            db: Db::from_env(env)?,
            cache: Cache::from_env(env)?,
            queues: ReplyQueues::from_env(env)?,
            gemini: Gemini::from_env(env)?,
            bounds: Bounds::from_env(env)?,
            clock,
            whole: env.seconds("REPLY_TIMEOUT_SECONDS", 240)?,
        })
    }

    /// How long an attempt is leased, until it renews its lease.
    fn lease(&self) -> Duration {
        self.gemini.first_token() + MARGIN
    }

    /// How long an attempt may take in an invocation that has this much time. An invocation that is too short for a
    /// whole answer makes shorter ones, so that a setting cannot stop all replies.
    fn whole_of(&self, invocation: Duration) -> Duration {
        let shortest = self.whole.min(self.gemini.first_token());
        self.whole.min(invocation.saturating_sub(2 * MARGIN)).max(shortest)
    }

    /// Works on a batch until `left` is nearly over, and returns the records that must be retried.
    pub async fn handle(&self, event: SqsEvent, left: Duration) -> SqsBatchResponse {
        let deadline = tokio::time::Instant::now() + left;
        for record in &event.records {
            let tier = self.queues.tier_of(record.event_source_arn.as_deref().unwrap_or_default());
            metrics::received(record, tier, self.clock.now());
        }
        let (maker, releaser) = (self.clone(), self.clone());
        let work = move |jobs: Vec<Job>| {
            let worker = maker.clone();
            async move { room::work(&worker, &jobs, deadline).await }
        };
        let release = move |jobs: Vec<Job>| {
            let worker = releaser.clone();
            async move { records::delete(&worker, &jobs).await }
        };
        batch::each_room(event.records, work, release).await
    }
}

/// Serves the runtime: one batch at a time, or on Lambda Managed Instances as many as an environment is given.
pub async fn run(worker: Worker) -> Result<(), Error> {
    lambda_runtime::run_concurrent(service_fn(move |LambdaEvent { payload, context }: LambdaEvent<SqsEvent>| {
        let worker = worker.clone();
        let left = context.deadline().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = Duration::from_millis(u64::try_from(worker.clock.now().unix_millis()).unwrap_or_default());
        let left = left.saturating_sub(now);
        invocation(&context, async move { Ok::<_, Error>(worker.handle(payload, left).await) })
    }))
    .await
}
