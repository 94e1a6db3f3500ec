//! What a message and a reply cost: round trips that the servers count, and connections while no function needs one.

#![cfg(test)]

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use gemini_worker::Worker;
use proof::{Proxy, Tap};
use serde_json::{Value, json};
use standins::Gemini;
use testkit::{Stack, TestApi, User};
use tokio_postgres::Client;

/// If Postgres drops counters during a measurement, the result is wrong: the measurement is retried this often.
const TRIES: u32 = 20;

/// Calls so far to Postgres, Redis and SQS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Trips {
    postgres: i64,
    redis: u64,
    sqs: u64,
}

struct Counted {
    api: TestApi,
    gemini: Gemini,
    worker: Worker,
    sql: Client,
    redis: (Arc<Tap>, Proxy),
    sqs: (Arc<Tap>, Proxy),
}

impl Counted {
    async fn start() -> Self {
        let (stack, gemini) = (Stack::start().await, Gemini::start("127.0.0.1:0").unwrap());
        let (redis, sqs) = (counting(stack.setting("REDIS_URL")).await, counting(stack.sqs.url()).await);
        let (redis_url, sqs_url) = (redis.1.instead_of(stack.setting("REDIS_URL")), sqs.1.instead_of(stack.sqs.url()));
        let stack = stack
            .with("REDIS_URL", redis_url)
            .with("AWS_ENDPOINT_URL", sqs_url)
            .with("GEMINI_BASE_URL", gemini.url())
            .with("GEMINI_API_KEY", "test-key");
        let sql = stack.sql().await;
        let preloaded: String = sql.query_one("show shared_preload_libraries", &[]).await.unwrap().get(0);
        assert!(
            preloaded.contains("pg_stat_statements"),
            "The test's Postgres does not count statements: start it with shared_preload_libraries=pg_stat_statements."
        );
        sql.batch_execute("create extension if not exists pg_stat_statements").await.unwrap();
        let worker = Worker::from_env(&stack.env(), stack.clock.clock()).unwrap();
        Self { api: TestApi::on(stack, chatroom::router), gemini, worker, sql, redis, sqs }
    }

    /// Calls so far, and how often Postgres has dropped counters.
    async fn trips(&self) -> (Trips, i64) {
        let sql = "select coalesce(sum(calls), 0)::bigint, (select dealloc from pg_stat_statements_info)
            from pg_stat_statements where query not like '%pg_stat_statements%'
                and dbid = (select oid from pg_database where datname = current_database())";
        let row = self.sql.query_one(sql, &[]).await.unwrap();
        (Trips { postgres: row.get(0), redis: self.redis.0.count(), sqs: self.sqs.0.count() }, row.get(1))
    }

    /// Counts the calls that `work` makes.
    async fn of<F: Future<Output = ()>>(&self, work: impl Fn() -> F) -> Trips {
        for _ in 0..TRIES {
            let (before, dropped_before) = self.trips().await;
            work().await;
            let (after, dropped_after) = self.trips().await;
            if dropped_before == dropped_after {
                return Trips {
                    postgres: after.postgres - before.postgres,
                    redis: after.redis - before.redis,
                    sqs: after.sqs - before.sqs,
                };
            }
        }
        panic!("Postgres keeps dropping counters: raise pg_stat_statements.max")
    }

    async fn make_pro(&self) -> (User, String) {
        let ada = self.api.signed_in().await;
        self.api.make_pro(&ada).await;
        let room = format!("/chatroom/{}", ada.post("/chatroom", json!({})).await.id());
        (ada, room)
    }

    async fn work(&self, records: Vec<SqsMessage>) {
        let mut event = SqsEvent::default();
        event.records = records;
        let response = self.worker.handle(event, Duration::from_secs(300)).await;
        assert!(response.batch_item_failures.is_empty(), "{:?}", response.batch_item_failures);
    }

    /// The requests that Gemini received.
    async fn calls(&self) -> Vec<Value> {
        let tls = shared::tls::public();
        let client = reqwest::Client::builder().tls_backend_preconfigured(tls).build().unwrap();
        let calls: Value =
            client.get(format!("{}/admin/calls", self.gemini.url())).send().await.unwrap().json().await.unwrap();
        calls["calls"].as_array().unwrap().clone()
    }

    /// The states of the connections of the functions.
    async fn connections(&self) -> Vec<String> {
        let sql = "select state from pg_stat_activity where datname = current_database() and application_name = 'chat-backend'";
        self.sql.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }
}

async fn counting(url: &str) -> (Arc<Tap>, Proxy) {
    let tap = Tap::open();
    let proxy = Proxy::to(url, tap.clone()).await.unwrap();
    (tap, proxy)
}

async fn send(ada: &User, room: &str, text: &str) -> SqsMessage {
    let sent = ada.post(&format!("{room}/message"), json!({ "content": text })).await;
    assert_eq!(sent.status(), 202);
    let reply = sent.body()["reply"]["id"].clone();
    let mut record = SqsMessage::default();
    record.message_id = Some(reply.to_string());
    record.receipt_handle = Some("receipt".into());
    record.body = Some(json!({ "chatroom_id": room.rsplit('/').next(), "reply_id": reply }).to_string());
    record.event_source_arn = Some("arn:aws:sqs:eu-west-1:1:pro.fifo".into());
    record
}

#[tokio::test]
async fn a_message_is_accepted_in_one_statement_one_call_of_redis_and_one_of_sqs() {
    let counted = Counted::start().await;
    let (ada, room) = counted.make_pro().await;
    send(&ada, &room, "warm").await;
    let trips = counted.of(|| async { drop(send(&ada, &room, "hi").await) }).await;
    assert_eq!(trips, Trips { postgres: 1, redis: 1, sqs: 1 });

    let path = format!("{room}/message");
    let again = || async {
        let sent = ada.json(http::Method::POST, &path, &[("idempotency-key", "k")], json!({ "content": "hi" })).await;
        assert_eq!(sent.status(), 202);
    };
    again().await;
    // Postgres does not count the statement that the key makes fail: the one call here reads the earlier send.
    assert_eq!(counted.of(&again).await.postgres, 1);
}

#[tokio::test]
async fn a_reply_is_made_in_at_most_three_statements_and_a_few_calls_of_redis() {
    let counted = Counted::start().await;
    let (ada, room) = counted.make_pro().await;
    counted.work(vec![send(&ada, &room, "warm").await]).await;
    for _ in 0..3 {
        let record = send(&ada, &room, "hi").await;
        let trips = counted.of(|| counted.work(vec![record.clone()])).await;
        // If it was counted again, the reply was already made.
        // Its stream is opened, gets a piece at once, perhaps another one, and is ended.
        assert!((1..=3).contains(&trips.postgres) && trips.redis <= 4 && trips.sqs == 0, "{trips:?}");
    }
    let mut records = Vec::new();
    for number in 0..5 {
        records.push(send(&ada, &room, &format!("turn {number}")).await);
    }
    let trips = counted.of(|| counted.work(records.clone())).await;
    assert!(trips.postgres <= 2 * 5 + 1, "two per turn, and one that finds no more work: {trips:?}");
}

#[tokio::test]
async fn a_reply_that_nobody_watches_costs_at_most_twenty_calls_of_redis_a_second() {
    let counted = Counted::start().await;
    let (ada, room) = counted.make_pro().await;
    counted.work(vec![send(&ada, &room, "warm").await]).await;
    let words = "tell me a long story about a cat and a dog; ".repeat(40);
    // Pieces that come faster than they are written; the answer ends before its lease is renewed.
    for (pause, seconds) in [(10, 0.5), (30, 1.5)] {
        let record = send(&ada, &room, &format!("[[drip:{pause}]] {words}")).await;
        let start = std::time::Instant::now();
        let trips = counted.of(|| counted.work(vec![record.clone()])).await;
        let taken = start.elapsed().as_secs_f64();
        assert!((1..=3).contains(&trips.postgres) && trips.sqs == 0, "{trips:?}");
        // Beside the pieces the stream is opened and ended.
        let most = 20.0 * taken + 3.0;
        let calls = f64::from(u32::try_from(trips.redis).unwrap());
        assert!(taken > seconds && calls > 5.0 && calls <= most, "{trips:?} in {taken} s");
    }
}

#[tokio::test]
async fn a_list_from_the_cache_costs_one_call_of_redis_and_nothing_else() {
    let counted = Counted::start().await;
    let (ada, _) = counted.make_pro().await;
    ada.get("/chatroom").await;
    let trips = counted.of(|| async { assert_eq!(ada.get("/chatroom").await.header("x-cache"), "hit") }).await;
    assert_eq!(trips, Trips { postgres: 0, redis: 1, sqs: 0 });
}

#[tokio::test]
async fn while_gemini_writes_nobody_holds_a_connection() {
    let counted = Counted::start().await;
    let (ada, _) = counted.make_pro().await;
    let mut records = Vec::new();
    for _ in 0..10 {
        let room = format!("/chatroom/{}", ada.post("/chatroom", json!({})).await.id());
        records.push(send(&ada, &room, "[[slow:2500]] hi").await);
    }
    let look = async {
        while counted.calls().await.iter().filter(|call| call["ended"].is_null()).count() < 10 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // Ten replies are being made, and the pool has four connections: most replies can hold none.
        let connections = counted.connections().await;
        assert!((1..=8).contains(&connections.len()), "at most four per function: {connections:?}");
        assert!(connections.iter().all(|state| state == "idle"), "{connections:?}");
        // No reply needs one either: all are closed now, and none is opened before there is something to write.
        let close = "select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and application_name = 'chat-backend'";
        counted.sql.execute(close, &[]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(800)).await;
        assert_eq!(counted.connections().await, [""; 0], "opened during the wait for Gemini");
        assert_eq!(counted.calls().await.iter().filter(|call| call["ended"].is_null()).count(), 10, "looked too late");
    };
    tokio::join!(counted.work(records), look);
    let made = "select count(*) from messages where role = 'assistant' and state = 'completed' and attempt = 1";
    assert_eq!(counted.sql.query_one(made, &[]).await.unwrap().get::<_, i64>(0), 10);
}

#[tokio::test]
async fn a_new_connection_costs_one_exchange_for_its_check_and_saves_the_one_to_prepare() {
    let mut stack = Stack::start().await;
    let url = stack.setting("DATABASE_URL").to_owned();
    for (query, costs, is_opened_ahead) in [
        // The start of the connection takes three: who, and two of the password. Then the check and the statement; later
        // the statement is prepared once.
        ("?sslmode=disable", [3 + 1 + 1, 2, 1], false),
        ("?sslmode=disable", [3 + 1 + 1, 2, 1], true),
        // Behind a pooler there is neither check nor preparation.
        ("?sslmode=disable&pgbouncer=true", [3 + 1, 1, 1], false),
        ("?sslmode=disable&pgbouncer=true", [3 + 1, 1, 1], true),
    ] {
        let (tap, proxy) = counting(&url).await;
        stack = stack.with("DATABASE_URL", format!("{}{query}", proxy.instead_of(&url)));
        let db = stack.db();
        for cost in costs {
            let before = tap.count();
            if is_opened_ahead {
                db.open_ahead();
            }
            db.ping().await.unwrap();
            assert_eq!(tap.count() - before, cost, "{query}, opened ahead: {is_opened_ahead}");
        }
    }
}
