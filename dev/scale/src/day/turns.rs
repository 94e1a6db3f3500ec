//! What a user does, statement by statement, as the functions do it.

use std::time::Duration;

use shared::db::messages::{self, Accept, NewMessage, Turns};
use shared::db::replies::{self, Claim, Outcome};
use shared::db::{Db, chatrooms, users};
use shared::domain::{Bounds, ChatroomId, Clock, Limits, MessageId, ReplyState, Usage, UserId};

use crate::latency::Latencies;

/// Messages of a visit.
pub(crate) const A_VISIT: u32 = 5;
/// How long Gemini takes.
const ANSWER: Duration = Duration::from_secs(8);
const LEASE: Duration = Duration::from_secs(50);
const PAGE: i64 = 20;
const LIMITS: Limits = Limits { basic: 1_000_000, pro: 1_000_000 };
const BOUNDS: Bounds = Bounds { unfinished_basic: 1_000, unfinished_pro: 1_000, rooms: 1_000 };

/// A message to a room, and its reply.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) latencies: Latencies,
    pub(crate) user: UserId,
    pub(crate) room: ChatroomId,
}

impl Turn {
    /// Reads what a visit reads, if this turn begins one, then sends, and has the reply made.
    pub(crate) async fn run(self, is_visit: bool) {
        if is_visit {
            self.visit().await;
        }
        let content = "a text of words ".repeat(8).try_into().expect("a text");
        let key = MessageId::generate().to_string();
        let (now, user, room) = (self.clock.now(), self.user, self.room);
        let new = NewMessage { user, room, content: &content, key: Some(&key), limits: LIMITS, bounds: BOUNDS, now };
        let accepted = self.latencies.of("accept", messages::accept(&self.db, &new)).await;
        let Ok(Accept::Stored(stored)) = accepted else { panic!("a message that is stored, not {accepted:?}") };
        self.make(stored.reply.id).await;
        let progress = replies::progress(&self.db, user, room, stored.reply.id);
        self.latencies.of("progress", progress).await.expect("Postgres").expect("a reply");
        let new = messages::list(&self.db, user, room, Turns::After(stored.message.seq), PAGE);
        self.latencies.of("list messages after", new).await.expect("Postgres").expect("a room");
    }

    async fn visit(&self) {
        let (db, user, room) = (&self.db, self.user, self.room);
        self.latencies.of("find user", users::find(db, user, self.clock.now())).await.expect("Postgres");
        self.latencies.of("list rooms", chatrooms::list(db, user, None, PAGE)).await.expect("Postgres");
        self.latencies.of("find room", chatrooms::find(db, user, room)).await.expect("Postgres");
        let newest = messages::list(db, user, room, Turns::Newest, PAGE);
        self.latencies.of("list messages", newest).await.expect("Postgres").expect("a room");
    }

    /// What the worker does. Two turns of one room wait for one another, as its records do.
    async fn make(&self, reply: MessageId) {
        loop {
            let claim = replies::claim(&self.db, self.room, LEASE, self.clock.now());
            match self.latencies.of("claim", claim).await.expect("Postgres") {
                Claim::Claimed(attempt) => {
                    tokio::time::sleep(ANSWER).await;
                    let (outcome, now) = (outcome(), self.clock.now());
                    let finish = replies::finish(&self.db, attempt.reply, attempt.number, &outcome, now);
                    assert!(self.latencies.of("finish", finish).await.expect("Postgres"), "its own attempt");
                    if attempt.reply == reply {
                        return;
                    }
                }
                Claim::Wait(_) => tokio::time::sleep(Duration::from_secs(1)).await,
                // Another turn of the room made it.
                Claim::Idle | Claim::Exhausted { .. } => return,
            }
        }
    }
}

fn outcome() -> Outcome {
    Outcome {
        state: ReplyState::Completed,
        content: "a text of words ".repeat(50),
        signature: None,
        model: Some("gemini-flash-latest".into()),
        finish_reason: Some("STOP".into()),
        usage: Usage { prompt: Some(500), reply: Some(200), ..Usage::default() },
        error: None,
        reached_model: true,
    }
}
