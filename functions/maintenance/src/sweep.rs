//! Replies that were lost on their way are sent again, replies that were given up are ended.

use std::time::Duration;

use serde::Serialize;
use shared::Fault;
use shared::cache::Cache;
use shared::config::{ConfigError, Env};
use shared::db::Db;
use shared::db::replies::{self, Stray};
use shared::domain::{Clock, MessageId, Tier, Timestamp};
use shared::queue::{ReplyJob, ReplyQueues, Waiting};
use shared::telemetry;
use tokio::time::Instant;

/// A reply that was due so long ago should have been in somebody's hands by now.
const DUE: Duration = Duration::from_secs(20);
/// SQS drops a repeated deduplication id for five minutes; a reply is not sent again sooner.
const AGAIN: Duration = Duration::from_mins(5);
/// Replies of one statement.
const MOST: i64 = 500;
/// While a dead letter is looked at nobody else receives it; longer than a task lasts.
const HIDDEN: Duration = Duration::from_mins(1);

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// Replies that were put on their queue again.
    pub nudged: u64,
    /// Replies whose record was given up, and that ended here.
    pub buried: u64,
}

/// What a sweep works with.
#[derive(Debug, Clone)]
pub(crate) struct Sweeper {
    db: Db,
    cache: Cache,
    queues: ReplyQueues,
    /// The queues of the records that were given up. They stay there, to be redriven.
    dead: [String; 2],
    clock: Clock,
}

impl Sweeper {
    /// Of the environment.
    pub(crate) fn from_env(env: &Env, db: Db, clock: Clock) -> Result<Self, ConfigError> {
        Ok(Self {
            db,
            cache: Cache::from_env(env)?,
            queues: ReplyQueues::from_env(env)?,
            dead: [env.required("PRO_DEAD_LETTERS_URL")?, env.required("BASIC_DEAD_LETTERS_URL")?],
            clock,
        })
    }

    /// Buries first: what ends here is not sent again. Neither half keeps the other from its work by failing or by
    /// taking all the time.
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

    /// Ends the replies of all dead letters and shows the letters again, so that alarms and a redrive see them.
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
            tracing::error!("a dead letter is not a reply's");
            return Ok(false);
        };
        if !replies::bury(&self.db, job.reply_id, self.clock.now()).await? {
            return Ok(false);
        }
        tracing::warn!(reply = %job.reply_id, chatroom = %job.chatroom_id, "its record was given up");
        if let Err(error) = self.cache.room_changed(job.chatroom_id).await {
            tracing::warn!(%error, "whoever waits for a reply sees it a little later");
        }
        Ok(true)
    }

    /// Sends stray replies again, Pro before Basic, and notes which: a note that is lost means one more send, a send
    /// that is lost would mean a wait.
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

    /// Sends until the queue fails or time is up; `sent` tells how far it came.
    async fn send(
        &self,
        strays: Vec<&Stray>,
        now: Timestamp,
        until: Instant,
        sent: &mut Vec<MessageId>,
    ) -> Result<(), Fault> {
        // The same minute's sends are one: two sweeps at once send a reply once.
        let minute = (now.unix() / 60).to_string();
        for stray in strays {
            if Instant::now() >= until {
                break;
            }
            let job = ReplyJob { chatroom_id: stray.room, reply_id: stray.reply };
            if stray.nudged_before {
                self.queues.send_again(stray.tier, job, &minute).await?;
            } else {
                self.queues.send(stray.tier, job).await?;
            }
            sent.push(stray.reply);
        }
        Ok(())
    }
}
