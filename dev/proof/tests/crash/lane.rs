//! The place where processes are killed: its own stores, a queue, and a history of all changes of the rows.

use std::collections::HashMap;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use gemini_worker::Worker;
use maintenance::{Maintenance, Task};
use proof::{Order, Proxy, Side, Tap};
use serde_json::{Value, json};
use shared::domain::Timestamp;
use standins::Gemini;
use testkit::{Stack, TestApi};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio_postgres::Client;

/// Within five minutes, SQS accepts only one record with the same deduplication id.
const DEDUPLICATED: Duration = Duration::from_secs(300);
/// The queues' maxReceiveCount.
const MOST_RECEIVES: u32 = 20;

/// Every state of every reply, and every charge and refund.
const HISTORY: &str = "
    create table history (at bigint generated always as identity, id uuid, state text, charged_on date);
    create table ledger (at bigint generated always as identity, user_id uuid, day date, change integer);
    create function note_message() returns trigger language plpgsql as $$ begin
        if new.role = 'assistant' and (tg_op = 'INSERT' or (old.state, old.charged_on) is distinct from (new.state, new.charged_on))
        then insert into history (id, state, charged_on) values (new.id, new.state, new.charged_on); end if;
        return null;
    end $$;
    create trigger note after insert or update on messages for each row execute function note_message();
    create function note_allowance() returns trigger language plpgsql as $$ begin
        insert into ledger (user_id, day, change)
        values (new.user_id, new.day, new.used - case when tg_op = 'INSERT' then 0 else old.used end);
        return null;
    end $$;
    create trigger note after insert or update on allowances for each row execute function note_allowance();";

/// A record in the queue of replies.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) body: Value,
    id: String,
    received: u32,
}

pub(crate) struct Lane {
    pub(crate) api: TestApi,
    pub(crate) sql: Client,
    pub(crate) queue: Vec<Record>,
    /// The records that the queue gave up; they stay here.
    pub(crate) dead: Vec<Record>,
    taken: HashMap<String, Timestamp>,
    _gemini: Gemini,
    worker: Worker,
    maintenance: Maintenance,
}

/// How a process ended.
#[derive(Debug)]
pub(crate) enum End {
    /// It was killed at the exchange.
    Killed,
    /// It ended by itself before that exchange, with this response.
    Unharmed(Value),
}

impl Lane {
    pub(crate) async fn start() -> Self {
        let gemini = Gemini::start("127.0.0.1:0").unwrap();
        let stack = Stack::start()
            .await
            .with("GEMINI_BASE_URL", gemini.url())
            .with("GEMINI_API_KEY", "test-key")
            .with_stripe("http://127.0.0.1:1");
        let sql = stack.sql().await;
        sql.batch_execute(HISTORY).await.unwrap();
        let worker = Worker::from_env(&stack.env(), stack.clock.clock()).unwrap();
        let maintenance = Maintenance::from_env(&stack.env(), stack.clock.clock()).unwrap();
        let api = TestApi::on(stack, chatroom::router);
        Self {
            api,
            sql,
            queue: Vec::new(),
            dead: Vec::new(),
            taken: HashMap::new(),
            _gemini: gemini,
            worker,
            maintenance,
        }
    }

    /// Lets a process carry out `order` and kills it at the exchange `number`, if it reaches that exchange.
    pub(crate) async fn kill_at(&mut self, number: u64, side: Side, order: &Order) -> End {
        let stack = &self.api.stack;
        let tap = Tap::stopping_at(number, side);
        let mut proxies = Vec::new();
        let mut command = Command::new(env!("CARGO_BIN_EXE_proof"));
        command.env_clear().env("PROOF_NOW", stack.clock.now().unix_millis().to_string());
        for name in [
            "STAGE",
            "REDIS_PREFIX",
            "AWS_REGION",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "PRO_QUEUE_URL",
            "BASIC_QUEUE_URL",
            "PRO_DEAD_LETTERS_URL",
            "BASIC_DEAD_LETTERS_URL",
            "JWT_KEYS",
            "STREAM_URL",
            "GEMINI_API_KEY",
            "STRIPE_SECRET_KEY",
            "STRIPE_API_BASE",
            "STRIPE_PRICE_ID",
        ] {
            command.env(name, stack.setting(name));
        }
        for name in ["DATABASE_URL", "REDIS_URL", "AWS_ENDPOINT_URL", "GEMINI_BASE_URL"] {
            let proxy = Proxy::to(stack.setting(name), tap.clone()).await.unwrap();
            command.env(name, proxy.instead_of(stack.setting(name)));
            proxies.push(proxy);
        }
        let end = run(command, order, &tap).await;
        drop(proxies);
        self.absorb();
        end
    }

    /// Puts the sent records into the queue, one per deduplication id.
    pub(crate) fn absorb(&mut self) {
        let now = self.api.stack.clock.now();
        for sent in self.api.queued() {
            let once = sent.once.unwrap();
            if self.taken.get(&once).is_none_or(|at| now.since(*at) >= DEDUPLICATED) {
                self.taken.insert(once.clone(), now);
                self.queue.push(Record { body: sent.body, id: once, received: 0 });
            }
        }
    }

    /// The batch that a worker receives now.
    pub(crate) fn batch(&mut self) -> SqsEvent {
        let mut event = SqsEvent::default();
        for record in self.queue.iter_mut().take(10) {
            record.received += 1;
            event.records.push(message(record));
        }
        event
    }

    /// Deletes the records of a batch, except those that the worker reported as failed (`again`).
    pub(crate) fn done(&mut self, batch: &SqsEvent, again: &[String]) {
        let was_in = |record: &Record| batch.records.iter().any(|one| one.message_id.as_deref() == Some(&record.id));
        self.queue.retain(|record| !was_in(record) || again.contains(&record.id));
        let (dead, alive) = self.queue.drain(..).partition(|record: &Record| record.received >= MOST_RECEIVES);
        self.queue = alive;
        self.dead.extend::<Vec<_>>(dead);
    }

    /// Adds a record to the dead letters.
    pub(crate) fn give_up(&mut self, body: Value) {
        self.dead.push(Record { body, id: "dead".into(), received: MOST_RECEIVES });
    }

    /// Makes the dead letters visible to the next sweep.
    pub(crate) fn show_dead_letters(&self) {
        let stack = &self.api.stack;
        for letter in &self.dead {
            stack.sqs.put(stack.setting("BASIC_DEAD_LETTERS_URL"), letter.body.to_string());
        }
    }

    /// A minute passes; then the queue's worker runs, then the sweep.
    pub(crate) async fn minute(&mut self) {
        self.api.stack.clock.advance(Duration::from_secs(60));
        self.absorb();
        let batch = self.batch();
        self.handle(&batch).await;
        self.show_dead_letters();
        self.maintenance.handle(Task::Sweep).await.unwrap();
        self.absorb();
    }

    /// Lets the worker handle the dead letters, as if they had been redriven.
    pub(crate) async fn redrive(&mut self) {
        let mut event = SqsEvent::default();
        event.records = self.dead.drain(..).map(|letter| message(&letter)).collect();
        self.handle(&event).await;
    }

    async fn handle(&mut self, batch: &SqsEvent) {
        let response = self.worker.handle(batch.clone(), Duration::from_secs(300)).await;
        let again: Vec<_> = response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect();
        self.absorb();
        self.done(batch, &again);
    }

    /// Whether nothing is left to do.
    pub(crate) async fn is_quiet(&self) -> bool {
        let sql = "select from messages where state in ('pending', 'generating') limit 1";
        self.queue.is_empty() && self.sql.query_opt(sql, &[]).await.unwrap().is_none()
    }
}

async fn run(mut command: Command, order: &Order, tap: &Arc<Tap>) -> End {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdin.write_all(json!(order).to_string().as_bytes()).await.unwrap();
    drop(stdin);
    let mut answer = String::new();
    tokio::select! {
        () = tap.stopped() => {
            child.kill().await.unwrap();
            End::Killed
        }
        read = stdout.read_to_string(&mut answer) => {
            read.unwrap();
            let status = child.wait().await.unwrap();
            assert!(status.success(), "the process failed: {status}");
            End::Unharmed(serde_json::from_str(answer.lines().last().unwrap_or_default()).unwrap())
        }
    }
}

fn message(record: &Record) -> SqsMessage {
    let mut message = SqsMessage::default();
    message.message_id = Some(record.id.clone());
    message.receipt_handle = Some(format!("receipt-{}", record.id));
    message.body = Some(record.body.to_string());
    message.event_source_arn = Some("arn:aws:sqs:eu-west-1:1:basic.fifo".into());
    message
}
