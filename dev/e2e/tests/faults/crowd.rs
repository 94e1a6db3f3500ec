//! Several people who send messages one after another, retry the refused ones, and check the outcome of each.

use std::time::{Duration, Instant};

use e2e::{Answer, Person};
use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use crate::{AFTERWARDS, sql};

const PEOPLE: usize = 4;
const MESSAGES: usize = 10;
/// The pause between two messages of one person.
const PAUSE: Duration = Duration::from_millis(600);
/// How long a client retries a send that is refused.
const PATIENCE: Duration = Duration::from_secs(90);

/// People, each with a room and a practically unlimited allowance.
pub(crate) struct Crowd(Vec<(Person, String)>);

/// A message that was accepted, and the refusals before that.
#[derive(Debug)]
pub(crate) struct Sent {
    reply: String,
    pub(crate) refusals: Vec<u16>,
}

impl Crowd {
    pub(crate) async fn gather() -> Self {
        let mut people = Vec::new();
        for _ in 0..PEOPLE {
            let person = Person::signed_in().await;
            make_pro(&person).await;
            let room = person.room().await;
            people.push((person, room));
        }
        Self(people)
    }

    /// Lets everybody send their messages while `fault` runs, and waits for both.
    pub(crate) async fn send_during(&self, fault: impl Future<Output = ()>) -> Vec<Sent> {
        let mut senders = JoinSet::new();
        for (person, room) in self.0.clone() {
            senders.spawn(async move {
                let mut sent = Vec::new();
                for number in 0..MESSAGES {
                    sent.push(send(&person, &room, number).await);
                    tokio::time::sleep(PAUSE).await;
                }
                sent
            });
        }
        let (sent, ()) = tokio::join!(senders.join_all(), fault);
        sent.into_iter().flatten().collect()
    }

    /// Waits until every reply has ended. Then each message must exist once and have one reply, and the number of
    /// charged messages must be the number of answered ones.
    pub(crate) async fn all_is_well(&self, sent: &[Sent]) {
        assert_eq!(sent.len(), PEOPLE * MESSAGES);
        let over = Instant::now();
        for (person, room) in &self.0 {
            let mut answered = 0;
            let turns = turns(person, room).await;
            assert_eq!(turns.len(), 2 * MESSAGES, "each message once, and one reply to it");
            for turn in turns {
                if turn["role"] == "user" {
                    continue;
                }
                let path = format!("{room}/message/{}", turn["id"].as_str().unwrap_or_default());
                assert!(sent.iter().any(|sent| sent.reply == path), "no response named {path}");
                let reply = person.reply(&path, AFTERWARDS.saturating_sub(over.elapsed())).await;
                let state = reply["state"].as_str().unwrap_or_default();
                assert!(["completed", "failed"].contains(&state), "{reply}");
                answered += i64::from(state == "completed");
            }
            let me = person.get("/user/me").await;
            assert_eq!(me.body["allowance"]["used"], answered, "failed messages are refunded: {}", me.body);
        }
        let sql = sql().await;
        let twice = "select in_reply_to from messages where role = 'assistant' group by 1 having count(*) > 1
            and bool_and(user_id = any($1))";
        let mut people = Vec::new();
        for (person, _) in &self.0 {
            people.push(id(person).await);
        }
        assert!(sql.query(twice, &[&people]).await.expect("Postgres").is_empty());
    }
}

async fn turns(person: &Person, room: &str) -> Vec<serde_json::Value> {
    let page = person.get(&format!("{room}/message?limit=100")).await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.body["data"].as_array().cloned().unwrap_or_default()
}

/// Sends a message, and retries with the same key as long as it is refused.
async fn send(person: &Person, room: &str, number: usize) -> Sent {
    let (began, path) = (Instant::now(), format!("{room}/message"));
    let (key, content) = (format!("message-{number}"), json!({ "content": format!("[[slow:200]] Message {number}") }));
    let mut refusals = Vec::new();
    loop {
        let request = person.request(Method::POST, &path).header("idempotency-key", &key).json(&content);
        let answer = person.send(request).await;
        if answer.status == 202 {
            return Sent { reply: format!("{path}/{}", answer.text("/reply/id")), refusals };
        }
        is_a_problem(&answer);
        assert!(began.elapsed() < PATIENCE, "refused for {PATIENCE:?}: {}", answer.body);
        refusals.push(answer.status);
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
}

/// The client must see a fault as a problem document with the code `unavailable`.
fn is_a_problem(answer: &Answer) {
    let kind = answer.headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    assert_eq!(kind, "application/problem+json", "{} {}", answer.status, answer.body);
    assert_eq!((answer.status, answer.code()), (503, "unavailable"), "{}", answer.body);
    assert!(answer.body["request_id"].is_string(), "{}", answer.body);
}

pub(crate) async fn id(person: &Person) -> uuid::Uuid {
    person.get("/user/me").await.text("/id").parse().expect("an id")
}

/// Makes a person Pro, as a paid subscription does.
pub(crate) async fn make_pro(person: &Person) {
    let made = "insert into customers (id, user_id, created_at, status, pro_until)
        values (gen_random_uuid(), $1, now(), 'active', 'infinity')";
    sql().await.execute(made, &[&id(person).await]).await.expect("Postgres");
}
