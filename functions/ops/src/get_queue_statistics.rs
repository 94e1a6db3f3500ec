//! `GET /debug/queue`

use axum::extract::State;
use serde::Serialize;
use serde_json::{Map, Value};
use shared::Fault;
use shared::config::{ConfigError, Env};
use shared::db::Db;
use shared::db::stats::{self, Count};
use shared::domain::{Clock, ReplyState, Tier, Timestamp};
use shared::http::{Json, Result};
use shared::queue::Queues;
use utoipa::ToSchema;

use crate::operator::Operator;

/// The queues, each with its dead-letter queue.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    queues: Queues,
    pro: [String; 2],
    basic: [String; 2],
    otp: [String; 2],
}

impl Watched {
    /// Reads the `…_QUEUE_URL` and `…_DEAD_LETTERS_URL` variables.
    pub(crate) fn from_env(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            queues: Queues::from_env(env)?,
            pro: [env.required("PRO_QUEUE_URL")?, env.required("PRO_DEAD_LETTERS_URL")?],
            basic: [env.required("BASIC_QUEUE_URL")?, env.required("BASIC_DEAD_LETTERS_URL")?],
            otp: [env.required("OTP_QUEUE_URL")?, env.required("OTP_DEAD_LETTERS_URL")?],
        })
    }

    async fn look(&self, name: QueueName, [queue, dead]: &[String; 2], age: Option<u64>) -> Result<Queue, Fault> {
        let (depth, dead) = tokio::try_join!(self.queues.depth(queue), self.queues.depth(dead))?;
        Ok(Queue {
            name,
            waiting: depth.waiting,
            in_flight: depth.in_flight,
            oldest_age_seconds: age,
            dead: dead.waiting + dead.in_flight,
        })
    }
}

/// A queue of the service.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum QueueName {
    /// Replies of Pro users.
    Pro,
    /// Replies of Basic users.
    Basic,
    /// One-time codes.
    Otp,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QueueState)]
struct Queue {
    name: QueueName,
    #[schema(value_type = i32, example = 3)]
    waiting: i64,
    #[schema(value_type = i32, example = 1)]
    in_flight: i64,
    /// The age of the oldest unfinished reply. SQS reports the age of a record only to CloudWatch, and that age is not
    /// how long the user has waited. `null` for codes, which are not stored.
    #[schema(value_type = Option<i32>, example = 4)]
    oldest_age_seconds: Option<u64>,
    #[schema(value_type = i32, example = 0)]
    dead: i64,
}

/// Replies accepted and ended within the last hour, by how they ended. Of those that ended only the newest 100,000 are
/// read: on a busy day they are fewer than those of the hour.
#[derive(Debug, Serialize, ToSchema)]
struct LastHour {
    #[schema(value_type = i32, example = 120)]
    accepted: i64,
    #[serde(flatten)]
    #[schema(value_type = std::collections::BTreeMap<String, i32>)]
    ended: Map<String, Value>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QueueStatistics)]
pub(crate) struct Response {
    queues: [Queue; 3],
    /// Replies by state: all unfinished ones, and those that ended within the last day, the newest 100,000 at most.
    #[schema(value_type = std::collections::BTreeMap<String, i32>)]
    replies: Map<String, Value>,
    last_hour: LastHour,
}

shared::refusals!(Forbidden, OperatorIpLimit);

/// Read the queues
///
/// Returns the depths, ages and dead letters of the queues, and how the replies of the last day and hour ended.
#[utoipa::path(
    get, path = "/debug/queue", tag = "Operations", security(("operator" = [])),
    responses(
        (status = 200, body = Response, description = "The queues.", example = json!({
            "queues": [
                { "name": "pro", "waiting": 1, "in_flight": 2, "oldest_age_seconds": 2, "dead": 0 },
                { "name": "basic", "waiting": 3, "in_flight": 1, "oldest_age_seconds": 4, "dead": 0 },
                { "name": "otp", "waiting": 0, "in_flight": 0, "oldest_age_seconds": null, "dead": 0 }
            ],
            "replies": {
                "pending": 4, "generating": 3, "completed": 1180, "truncated": 6, "blocked": 2, "failed": 1, "cancelled": 9
            },
            "last_hour": { "completed": 112, "truncated": 1, "blocked": 0, "failed": 0, "cancelled": 1 }
        })),
        Refusals,
    ),
)]
pub(crate) async fn get_queue_statistics(
    State(db): State<Db>,
    State(clock): State<Clock>,
    State(watched): State<Watched>,
    _operator: Operator,
) -> Result<Json<Response>> {
    let now = clock.now();
    let counts = stats::replies(&db, now).await?;
    let (pro, basic, otp) = tokio::try_join!(
        watched.look(QueueName::Pro, &watched.pro, Some(oldest_age(&counts, Tier::Pro, now))),
        watched.look(QueueName::Basic, &watched.basic, Some(oldest_age(&counts, Tier::Basic, now))),
        watched.look(QueueName::Otp, &watched.otp, None),
    )?;
    Ok(Json(Response {
        queues: [pro, basic, otp],
        replies: by_state(ReplyState::ALL, &counts, |count| count.replies),
        last_hour: LastHour {
            accepted: counts.iter().map(|count| count.accepted).sum(),
            ended: by_state(ReplyState::ALL.iter().filter(|state| state.is_final()), &counts, |count| count.ended),
        },
    }))
}

/// How many seconds the oldest unfinished reply of a queue has waited; 0 if there is none.
fn oldest_age(counts: &[Count], tier: Tier, now: Timestamp) -> u64 {
    let unfinished = counts.iter().filter(|count| count.tier == tier && !count.state.is_final());
    unfinished.map(|count| now.since(count.oldest).as_secs()).max().unwrap_or_default()
}

fn by_state<'a>(
    states: impl IntoIterator<Item = &'a ReplyState>,
    counts: &[Count],
    of: impl Fn(&Count) -> i64,
) -> Map<String, Value> {
    let sum = |state| counts.iter().filter(|count| count.state == state).map(&of).sum::<i64>();
    states.into_iter().map(|state| (state.as_str().to_owned(), sum(*state).into())).collect()
}
