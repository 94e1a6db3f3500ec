//! Replies whose queue record was lost are sent again; replies whose record was dead-lettered are ended.

use std::time::Duration;

use serde::Serialize;
use shared::Fault;
use shared::cache::Cache;
use shared::config::{ConfigError, Env};
use shared::db::Db;
use shared::db::replies::{self, Stray};
use shared::domain::{Clock, MessageId, ReplyError, ReplyState, Tier, Timestamp};
use shared::queue::{ReplyJob, ReplyQueues, Waiting};
use shared::telemetry;
use tokio::time::Instant;

/// A worker should hold a reply that was due this long ago.
const DUE: Duration = Duration::from_secs(20);
/// SQS drops a repeated deduplication id for five minutes, so a reply is not sent again sooner.
const AGAIN: Duration = Duration::from_mins(5);
/// Replies per statement.
const MOST: i64 = 500;
/// How long a dead letter is hidden from others while it is processed: longer than a task runs.
const HIDDEN: Duration = Duration::from_mins(1);

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// Replies that were put on their queue again.
    pub nudged: u64,
    /// Replies whose record was dead-lettered, and that ended here.
    pub buried: u64,
}

/// What a sweep needs.
#[derive(Debug, Clone)]
pub(crate) struct Sweeper {
    db: Db,
    cache: Cache,
    queues: ReplyQueues,
    /// The dead-letter queues. Their records stay there, to be redriven.
    dead: [String; 2],
    clock: Clock,
}

impl Sweeper {
    /// Reads the settings.
    pub(crate) fn from_env(env: &Env, db: Db, clock: Clock) -> Result<Self, ConfigError> {
        Ok(Self {
            db,
            cache: Cache::from_env(env)?,
            queues: ReplyQueues::from_env(env)?,
            dead: [env.required("PRO_DEAD_LETTERS_URL")?, env.required("BASIC_DEAD_LETTERS_URL")?],
            clock,
        })
    }

    /// Buries first, so that a reply that ends here is not sent again. If one half fails or is slow, the other half
    /// still runs.
    pub(crate) async fn sweep(&self, until: Instant) -> Result<Swept, Fault> {
        let now = Instant::now();
        let buried = self.bury(now + (until - now) / 2).await;
        let nudged = self.nudge(until).await;
        for (name, count) in [("RepliesBuried", &buried), ("RepliesNudged", &nudged)] {
            if let Ok(count @ 1..) = count {
                telemetry::count(name, *count, self.clock.now());
            }
        }
        Ok(Swept { nudged: nudged?, buried: buried? })
    }

    /// Ends the replies of all dead letters, then makes the letters visible again, for alarms and a redrive.
    async fn bury(&self, until: Instant) -> Result<u64, Fault> {
        let (queues, mut buried) = (self.queues.queues(), 0);
        for queue in &self.dead {
            let mut seen = Vec::new();
            while Instant::now() < until {
                let letters = queues.receive(queue, HIDDEN).await?;
                if letters.is_empty() {
                    break;
                }
                for letter in &letters {
                    buried += u64::from(self.bury_one(letter).await?);
                }
                seen.extend(letters);
            }
            for letter in seen {
                if Instant::now() < until {
                    queues.hide(queue, &letter.receipt, Duration::ZERO).await?;
                }
            }
        }
        Ok(buried)
    }

    async fn bury_one(&self, letter: &Waiting) -> Result<bool, Fault> {
        let Ok(job) = serde_json::from_str::<ReplyJob>(&letter.body) else {
            tracing::error!("a dead letter is not a reply job");
            return Ok(false);
        };
        let now = self.clock.now();
        let Some(buried) = replies::bury(&self.db, job.reply_id, now).await? else { return Ok(false) };
        let error = Some(ReplyError::DeadLettered);
        telemetry::replies::ended(ReplyState::Failed, error, buried.tier, buried.created_at, now);
        tracing::warn!(reply = %job.reply_id, chatroom = %job.chatroom_id, "a reply was dead-lettered");
        if let Err(error) = self.cache.reply_ended(job.chatroom_id, job.reply_id).await {
            tracing::warn!(%error, "waiting clients see the reply a little later");
        }
        Ok(true)
    }

    /// Sends stray replies again, Pro before Basic, then notes which. In this order, a lost note costs one more send;
    /// in the other order, a lost send would cost a wait.
    async fn nudge(&self, until: Instant) -> Result<u64, Fault> {
        let mut nudged = 0;
        while Instant::now() < until {
            let now = self.clock.now();
            let strays = replies::strays(&self.db, now - DUE, now - AGAIN, MOST).await?;
            let mut sent = Vec::with_capacity(strays.len());
            let (pro, basic): (Vec<_>, Vec<_>) = strays.iter().partition(|stray| stray.tier == Tier::Pro);
            let outcomes = [self.send(pro, now, until, &mut sent).await, self.send(basic, now, until, &mut sent).await];
            replies::nudged(&self.db, &sent, now).await?;
            nudged += u64::try_from(sent.len()).unwrap_or_default();
            outcomes.into_iter().collect::<Result<(), Fault>>()?;
            if i64::try_from(strays.len()).is_ok_and(|found| found < MOST) {
                break;
            }
        }
        Ok(nudged)
    }

    /// Sends until the queue fails or the time is over; `sent` gets the replies that were sent.
    async fn send(
        &self,
        strays: Vec<&Stray>,
        now: Timestamp,
        until: Instant,
        sent: &mut Vec<MessageId>,
    ) -> Result<(), Fault> {
        // Sends within the same minute count as one, so two sweeps at once send a reply once.
        let minute = (now.unix() / 60).to_string();
        for stray in strays {
            if Instant::now() >= until {
                break;
            }
            let job = ReplyJob { chatroom_id: stray.chatroom_id, reply_id: stray.id };
            if stray.nudged_at.is_some() {
                self.queues.send_again(stray.tier, job, &minute).await?;
            } else {
                self.queues.send(stray.tier, job).await?;
            }
            sent.push(stray.id);
        }
        Ok(())
    }
}
