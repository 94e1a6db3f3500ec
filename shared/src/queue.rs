//! SQS: the queues that carry work to the background.

mod cause;
mod jobs;

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_sqs::operation::send_message::builders::SendMessageFluentBuilder;
use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};
use serde::Serialize;

use crate::config::{ConfigError, Env};
use crate::domain::Tier;
use crate::{Fault, aws};

pub use cause::{cause_of, span_of};
pub use jobs::{NoticeJob, OtpJob, ReplyJob, SmsJob};

/// The queues. The client is made once and opens no connection before its first call; cloning is cheap.
#[derive(Debug, Clone)]
pub struct Queues {
    client: aws_sdk_sqs::Client,
}

/// A record that waits in a queue.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Its body.
    pub body: String,
    /// The handle that deletes it.
    pub receipt: String,
}

/// The approximate number of records in a queue.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Depth {
    /// Records that wait.
    pub waiting: i64,
    /// Records that a consumer holds.
    pub in_flight: i64,
}

impl Queues {
    /// A client of this process' region and role.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { client: aws_sdk_sqs::Client::new(&aws::config(env)?) })
    }

    /// A record of a job, with the cause of what runs now.
    fn record(&self, queue: &str, job: &impl Serialize) -> Result<SendMessageFluentBuilder, Fault> {
        let body = serde_json::to_string(job).map_err(|_| Fault::Bug("a job is not JSON"))?;
        cause::with_cause(self.client.send_message().queue_url(queue).message_body(body))
    }

    /// Sends a job to a FIFO queue. SQS delivers one of several with the same `once` within five minutes.
    pub async fn send_reply(&self, queue: &str, job: ReplyJob, once: &str) -> Result<(), Fault> {
        let call =
            self.record(queue, &job)?.message_group_id(job.chatroom_id.to_string()).message_deduplication_id(once);
        call.send().await.map(drop).map_err(fault)
    }

    /// Queues the delivery of a code.
    pub async fn send_otp(&self, queue: &str, job: OtpJob) -> Result<(), Fault> {
        self.record(queue, &job)?.send().await.map(drop).map_err(fault)
    }

    /// Queues the delivery of a notice.
    pub async fn send_notice(&self, queue: &str, job: NoticeJob) -> Result<(), Fault> {
        self.record(queue, &job)?.send().await.map(drop).map_err(fault)
    }

    /// Hides a received record for `time` from now on (whole seconds, rounded up; at most 12 hours).
    pub async fn hide(&self, queue: &str, receipt: &str, time: Duration) -> Result<(), Fault> {
        let seconds = i32::try_from(time.as_millis().div_ceil(1000)).unwrap_or(i32::MAX).clamp(0, 43_200);
        let call = self.client.change_message_visibility().queue_url(queue).receipt_handle(receipt);
        call.visibility_timeout(seconds).send().await.map(drop).map_err(fault)
    }

    /// Deletes a received record.
    pub async fn delete(&self, queue: &str, receipt: &str) -> Result<(), Fault> {
        self.client.delete_message().queue_url(queue).receipt_handle(receipt).send().await.map(drop).map_err(fault)
    }

    /// Receives up to ten records, which stay hidden from others for `hidden`.
    pub async fn receive(&self, queue: &str, hidden: Duration) -> Result<Vec<Waiting>, Fault> {
        let seconds = i32::try_from(hidden.as_secs()).unwrap_or(i32::MAX);
        let call =
            self.client.receive_message().queue_url(queue).max_number_of_messages(10).visibility_timeout(seconds);
        let answer = call
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
            .send()
            .await
            .map_err(fault)?;
        Ok(answer
            .messages
            .unwrap_or_default()
            .into_iter()
            .filter_map(|message| Some(Waiting { body: message.body?, receipt: message.receipt_handle? }))
            .collect())
    }

    /// The number of records in a queue.
    pub async fn depth(&self, queue: &str) -> Result<Depth, Fault> {
        let call = self.client.get_queue_attributes().queue_url(queue);
        let answer = call
            .attribute_names(QueueAttributeName::ApproximateNumberOfMessages)
            .attribute_names(QueueAttributeName::ApproximateNumberOfMessagesNotVisible)
            .send()
            .await
            .map_err(fault)?;
        let attributes: HashMap<_, _> = answer.attributes.unwrap_or_default();
        let read = |name| attributes.get(&name).and_then(|value| value.parse().ok()).unwrap_or_default();
        Ok(Depth {
            waiting: read(QueueAttributeName::ApproximateNumberOfMessages),
            in_flight: read(QueueAttributeName::ApproximateNumberOfMessagesNotVisible),
        })
    }
}

/// The two queues of replies: paying users do not wait behind free ones.
#[derive(Debug, Clone)]
pub struct ReplyQueues {
    queues: Queues,
    pro: String,
    basic: String,
}

impl ReplyQueues {
    /// Reads `PRO_QUEUE_URL` and `BASIC_QUEUE_URL`.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            queues: Queues::from_env(env)?,
            pro: env.required("PRO_QUEUE_URL")?,
            basic: env.required("BASIC_QUEUE_URL")?,
        })
    }

    /// The queue of a tier.
    pub fn url(&self, tier: Tier) -> &str {
        match tier {
            Tier::Pro => &self.pro,
            Tier::Basic => &self.basic,
        }
    }

    /// The tier whose records are received from `queue` (its URL, or an ARN of the same name).
    pub fn tier_of(&self, queue: &str) -> Tier {
        let name = |text: &str| text.rsplit(['/', ':']).next().unwrap_or_default().to_owned();
        if name(queue) == name(&self.pro) { Tier::Pro } else { Tier::Basic }
    }

    /// Queues a reply that was just stored. Its id lets SQS drop a repeated send.
    pub async fn send(&self, tier: Tier, job: ReplyJob) -> Result<(), Fault> {
        self.queues.send_reply(self.url(tier), job, &job.reply_id.to_string()).await
    }

    /// Queues a reply again, although SQS accepted it before; `round` makes this send differ from the others.
    pub async fn send_again(&self, tier: Tier, job: ReplyJob, round: &str) -> Result<(), Fault> {
        self.queues.send_reply(self.url(tier), job, &format!("{}-{round}", job.reply_id)).await
    }

    /// The underlying client.
    pub fn queues(&self) -> &Queues {
        &self.queues
    }
}

fn fault<E: std::error::Error, R>(error: aws_sdk_sqs::error::SdkError<E, R>) -> Fault
where
    aws_sdk_sqs::error::SdkError<E, R>: std::error::Error,
{
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    Fault::Queue(text)
}
