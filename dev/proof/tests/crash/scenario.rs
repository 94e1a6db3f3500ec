//! The operation that is killed, what a client does that got no response, and what must hold in the end.

use std::time::Duration;

use proof::{Call, Order, Side};
use serde_json::{Value, json};
use shared::domain::UserId;
use testkit::User;

use crate::lane::{End, Lane};

/// Everything must have ended after this: the visibility timeout, then a sweep, then an attempt that Gemini refused.
const MINUTES: u32 = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scenario {
    /// A message is sent.
    Accept,
    /// A reply is regenerated.
    Regenerate,
    /// A reply is cancelled.
    Cancel,
    /// A room is deleted.
    Delete,
    /// A worker makes two replies of a room: Gemini blocks the first; the second succeeds at the second attempt.
    Work,
    /// A worker makes one reply, which succeeds at once.
    Answer,
    /// A worker makes one reply that fails at the first attempt, and hides the record until the next one.
    Retry,
    /// A sweep finds a reply that was never queued, one whose record was lost, and a dead letter.
    Sweep,
}

/// A person in a room.
struct Scene {
    user: User,
    id: UserId,
    room: String,
}

impl Scene {
    async fn set(lane: &Lane) -> Self {
        let user = lane.api.signed_in().await;
        let room = format!("/chatroom/{}", user.post("/chatroom", json!({})).await.id());
        Self { id: user.id.unwrap(), user, room }
    }

    /// The same person in another room.
    async fn elsewhere(&self) -> Self {
        let room = format!("/chatroom/{}", self.user.post("/chatroom", json!({})).await.id());
        Self { id: self.id, user: self.user.clone(), room }
    }

    /// Sends a message and returns its reply's id.
    async fn send(&self, text: &str) -> String {
        let sent = self.user.post(&format!("{}/message", self.room), json!({ "content": text })).await;
        assert_eq!(sent.status(), 202);
        sent.body()["reply"]["id"].as_str().unwrap().to_owned()
    }

    fn call(&self, method: &str, path: &str, key: Option<&str>, body: &str) -> Call {
        let path = format!("{}{path}", self.room);
        Call {
            method: method.into(),
            path,
            token: self.user.token().into(),
            key: key.map(Into::into),
            body: body.into(),
        }
    }

    fn record(&self, reply: &str) -> Value {
        json!({ "chatroom_id": self.room.rsplit('/').next(), "reply_id": reply })
    }
}

impl Scenario {
    /// Kills the process at the exchange `number`, lets the others recover, and checks the whole history. Returns
    /// `true` if the process was killed, `false` if it ended before.
    pub(crate) async fn kill_and_recover(self, lane: &mut Lane, number: u64, side: Side) -> bool {
        let place = format!("{self:?}, killed {side:?} the exchange {number}");
        let scene = Scene::set(lane).await;
        let order = self.prepare(lane, &scene).await;
        let end = lane.kill_at(number, side, &order).await;
        if let (Order::Work(batch), End::Unharmed(again)) = (&order, &end) {
            let again: Vec<String> = serde_json::from_value(again.clone()).unwrap();
            lane.done(batch, &again);
        }
        if let Order::Call(call) = &order {
            self.answered(&scene, call, &end).await;
        }
        let mut minutes = 0;
        while minutes == 0 || !lane.is_quiet().await {
            assert!(
                minutes < MINUTES,
                "{place}: not finished after {MINUTES} minutes: {:?} {:?}",
                lane.queue,
                rows(lane, &scene).await
            );
            lane.minute().await;
            minutes += 1;
        }
        lane.redrive().await;
        self.check(lane, &scene, &place).await;
        matches!(end, End::Killed)
    }

    async fn prepare(self, lane: &mut Lane, scene: &Scene) -> Order {
        match self {
            Self::Accept => Order::Call(scene.call("POST", "/message", Some("once"), r#"{"content":"hi"}"#)),
            Self::Regenerate => {
                let reply = scene.send("hi").await;
                lane.minute().await;
                Order::Call(scene.call("POST", &format!("/message/{reply}/regenerate"), None, ""))
            }
            Self::Cancel => {
                let reply = scene.send("hi").await;
                Order::Call(scene.call("POST", &format!("/message/{reply}/cancel"), None, ""))
            }
            Self::Delete => {
                scene.send("hi").await;
                lane.minute().await;
                scene.send("hi again").await;
                Order::Call(scene.call("DELETE", "", None, ""))
            }
            Self::Work => {
                scene.send("[[blocked]] hi").await;
                scene.send(&format!("[[503*1]] hi {}", scene.id)).await;
                lane.absorb();
                Order::Work(Box::new(lane.batch()))
            }
            Self::Answer | Self::Retry => {
                let fault = if self == Self::Retry { "[[503*1]]" } else { "" };
                scene.send(&format!("{fault} hi {}", scene.id)).await;
                lane.absorb();
                Order::Work(Box::new(lane.batch()))
            }
            Self::Sweep => {
                scene.send("never queued").await;
                let lost = scene.elsewhere().await.send("queued and lost").await;
                let nudged = "update messages set nudged_at = created_at - interval '1 hour' where id::text = $1";
                lane.sql.execute(nudged, &[&lost]).await.unwrap();
                let third = scene.elsewhere().await;
                let dead = third.send("given up").await;
                lane.give_up(third.record(&dead));
                lane.api.queued();
                lane.api.stack.clock.advance(Duration::from_secs(60));
                lane.show_dead_letters();
                Order::Sweep
            }
        }
    }

    /// A client that got a response can rely on it. A client that got none retries if that is safe.
    async fn answered(self, scene: &Scene, call: &Call, end: &End) {
        let expected = match self {
            Self::Accept | Self::Regenerate => 202,
            Self::Delete => 204,
            _ => 200,
        };
        match end {
            End::Unharmed(answer) => {
                assert_eq!(answer["status"], expected, "{answer}");
                if self == Self::Accept {
                    let reply = answer["body"]["reply"]["id"].as_str().unwrap();
                    assert_eq!(scene.user.get(&format!("{}/message/{reply}", scene.room)).await.status(), 200);
                }
            }
            End::Killed if self == Self::Regenerate => {}
            End::Killed => {
                let key: Vec<_> = call.key.iter().map(|key| ("idempotency-key", key.as_str())).collect();
                let body = if call.body.is_empty() { Value::Null } else { serde_json::from_str(&call.body).unwrap() };
                let again = scene.user.json(call.method.parse().unwrap(), &call.path, &key, body).await;
                assert!(
                    again.status() == expected || (self == Self::Delete && again.status() == 404),
                    "{}",
                    again.body()
                );
            }
        }
    }

    async fn check(self, lane: &Lane, scene: &Scene, place: &str) {
        // Every accepted message has a final reply. Only a regeneration makes a second one.
        let sql = "select count(*) filter (where role = 'user'), count(*) filter (where role = 'assistant'),
                count(distinct in_reply_to), count(*) filter (where state in ('pending', 'generating'))
            from messages where user_id = $1";
        let row = lane.sql.query_one(sql, &[&scene.id]).await.unwrap();
        let (messages, replies, answered, unfinished): (i64, i64, i64, i64) =
            (row.get(0), row.get(1), row.get(2), row.get(3));
        let sent = match self {
            Self::Accept | Self::Regenerate | Self::Cancel | Self::Answer | Self::Retry => 1,
            Self::Work => 2,
            Self::Sweep => 3,
            Self::Delete => 0,
        };
        let most = if self == Self::Regenerate { 2 } else { messages };
        assert_eq!((messages, answered, unfinished), (sent, sent, 0), "{place}");
        assert!((messages..=most).contains(&replies), "{place}: {replies} replies");
        // Every reply became final exactly once, and stayed unchanged.
        let sql =
            "select id::text, array_agg(state order by at), array_agg(charged_on is not null order by at) from history
            where id in (select id from messages where user_id = $1) group by id";
        for row in lane.sql.query(sql, &[&scene.id]).await.unwrap() {
            let (states, charged): (Vec<String>, Vec<bool>) = (row.get(1), row.get(2));
            let finals = states.iter().filter(|state| *state != "pending" && *state != "generating").count();
            assert_eq!((states[0].as_str(), finals), ("pending", 1), "{place}: {states:?}");
            assert!(charged[0] && charged.is_sorted_by(|before, after| before >= after), "{place}: {charged:?}");
        }
        // The allowance counts the answered messages, and each reply had one charge and at most one refund.
        let sql = "select (select coalesce(sum(used), 0)::bigint from allowances where user_id = $1),
            (select count(*) from messages where user_id = $1 and charged_on is not null),
            (select count(*) from ledger where user_id = $1 and change = 1),
            (select count(*) from ledger where user_id = $1 and change not in (1, -1))";
        let row = lane.sql.query_one(sql, &[&scene.id]).await.unwrap();
        let (used, paid, charges, odd): (i64, i64, i64, i64) = (row.get(0), row.get(1), row.get(2), row.get(3));
        if self == Self::Delete {
            assert_eq!(
                (used, charges, odd),
                (1, 2, 0),
                "the answered message stays charged, the other is refunded: {place}"
            );
        } else {
            assert_eq!((used, charges, odd), (paid, replies, 0), "{place}");
        }
        self.check_states(lane, scene, place).await;
    }

    async fn check_states(self, lane: &Lane, scene: &Scene, place: &str) {
        let states = rows(lane, scene).await;
        let states: Vec<_> = states.iter().map(String::as_str).collect();
        let is_right = match self {
            Self::Accept | Self::Answer | Self::Retry => states == ["completed"],
            Self::Regenerate => states == ["completed"] || states == ["completed", "completed"],
            // If the process was killed before it cancelled, the reply may be complete when the client retries.
            Self::Cancel => states == ["cancelled"] || states == ["completed"],
            Self::Delete => states.is_empty(),
            Self::Work => states == ["blocked", "completed"],
            Self::Sweep => states == ["completed", "completed", "failed"],
        };
        assert!(is_right, "{place}: ended as {states:?}");
    }
}

async fn rows(lane: &Lane, scene: &Scene) -> Vec<String> {
    let sql = "select state from messages where user_id = $1 and role = 'assistant' order by id";
    lane.sql.query(sql, &[&scene.id]).await.unwrap().iter().map(|row| row.get(0)).collect()
}
