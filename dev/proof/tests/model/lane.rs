//! A lane: its own function, clock and connections, on which one seed runs after another.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use shared::auth::{NumberMarks, Tokens};
use shared::cache::Cache;
use shared::config::Env;
use shared::db::Db;
use shared::domain::{Bounds, Clock, Limits, Timestamp};
use testkit::{Sqs, Stack, TestApi, User};
use tokio_postgres::{Client, NoTls};

use crate::rule::FREE;

pub(crate) const LIMITS: Limits = Limits { basic: 5, pro: 12 };
pub(crate) const BOUNDS: Bounds = Bounds { unfinished_basic: 4, unfinished_pro: 7, rooms: 5 };

pub(crate) struct Lane {
    pub(crate) router: Router,
    pub(crate) tokens: Tokens,
    pub(crate) marks: NumberMarks,
    pub(crate) cache: Cache,
    pub(crate) db: Db,
    pub(crate) sql: Client,
    pub(crate) sqs: Sqs,
    pub(crate) nobody: User,
    clock: Arc<AtomicI64>,
}

impl Lane {
    pub(crate) async fn on(api: &TestApi) -> Self {
        let (sqs, env) = (Sqs::start().await, env(&api.stack));
        let (url, clock) = (sqs.url().to_owned(), Arc::new(AtomicI64::new(0)));
        let env = Env::from_fn(move |name| match name {
            "AWS_ENDPOINT_URL" => Some(url.clone()),
            name => env.optional(name),
        });
        let told = clock.clone();
        let clock_of = Clock::from_fn(move || Timestamp::from_unix_millis(told.load(Ordering::SeqCst)).unwrap());
        let (sql, connection) = tokio_postgres::connect(api.stack.setting("DATABASE_URL"), NoTls).await.unwrap();
        tokio::spawn(connection);
        Self {
            router: chatroom::router(&env, clock_of).unwrap(),
            tokens: Tokens::from_env(&env).unwrap(),
            marks: NumberMarks::from_env(&env).unwrap(),
            cache: Cache::from_env(&env).unwrap(),
            db: Db::from_env(&env).unwrap(),
            sql,
            sqs,
            nobody: api.anyone(),
            clock,
        }
    }

    pub(crate) fn set_clock(&self, now: Timestamp) {
        self.clock.store(now.unix_millis(), Ordering::SeqCst);
    }
}

fn env(stack: &Stack) -> Env {
    let env = stack.env();
    Env::from_fn(move |name| match name {
        "BASIC_DAILY_LIMIT" => Some(LIMITS.basic.to_string()),
        "PRO_DAILY_LIMIT" => Some(LIMITS.pro.to_string()),
        "FREE_CANCELS_PER_DAY" => Some(FREE.to_string()),
        "UNFINISHED_REPLIES_BASIC" => Some(BOUNDS.unfinished_basic.to_string()),
        "UNFINISHED_REPLIES" => Some(BOUNDS.unfinished_pro.to_string()),
        "ROOMS_PER_USER" => Some(BOUNDS.rooms.to_string()),
        name => env.optional(name),
    })
}
