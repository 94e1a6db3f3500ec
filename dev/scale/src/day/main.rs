//! A day of a large deployment, at the rate that this machine bears: the statements of the functions on a Postgres that is
//! full already. `dev/services cargo run --release -p scale --bin day -- [messages=10000000] [users=100000] [minutes=10]
//! [rate=40]`.
//!
//! - [`fill`] makes the users, rooms and messages in bulk. - [`turns`] is what a user does: a visit, a send, its reply.
//! - [`upkeep`] is what the schedules do meanwhile. - [`latency`] has the times, by statement and minute.
//! - [`size`] has what the tables and indexes take.

#![expect(clippy::expect_used, clippy::panic, reason = "a measurement that cannot continue says why")]

mod fill;
mod latency;
mod size;
mod turns;
mod upkeep;

use std::time::Duration;

use shared::domain::Clock;
use testkit::Stack;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_postgres::NoTls;

use latency::Latencies;

/// Connections to Postgres, as of so many environments.
const CONNECTIONS: usize = 24;

/// What is run.
#[derive(Debug, Clone, Copy)]
struct Plan {
    messages: u32,
    users: u32,
    minutes: u32,
    /// Messages a second.
    rate: u32,
}

#[tokio::main]
async fn main() {
    let plan = plan(std::env::args().skip(1));
    let stack = Stack::start().await.with("DATABASE_CONNECTIONS", CONNECTIONS.to_string());
    let (sql, connection) = tokio_postgres::connect(stack.setting("DATABASE_URL"), NoTls).await.expect("Postgres");
    tokio::spawn(connection);
    let (db, clock) = (stack.db(), Clock::system());
    let rooms = fill::fill(&sql, plan.users, plan.messages).await;
    let before = size::read(&sql).await;

    let latencies = Latencies::default();
    let began = Instant::now();
    let end = began + Duration::from_secs(60) * plan.minutes;
    let upkeep = tokio::spawn(upkeep::run(db.clone(), clock.clone(), latencies.clone(), end));
    let mut running = JoinSet::new();
    let mut turns = 0_u32;
    while Instant::now() < end {
        let (user, room) = rooms[fill::below(rooms.len())];
        let turn = turns::Turn { db: db.clone(), clock: clock.clone(), latencies: latencies.clone(), user, room };
        let is_visit = turns.is_multiple_of(turns::A_VISIT);
        running.spawn(async move { turn.run(is_visit).await });
        turns += 1;
        while running.try_join_next().is_some_and(|ended| ended.is_ok()) {}
        tokio::time::sleep_until(began + Duration::from_secs(1) * turns / plan.rate).await;
    }
    while let Some(ended) = running.join_next().await {
        ended.expect("a turn that ends");
    }
    upkeep.await.expect("upkeep that ends");
    println!("\n{turns} messages in {} minutes, {} a second\n", plan.minutes, plan.rate);
    latencies.print(plan.minutes);
    size::print(&before, &size::read(&sql).await, turns);
    size::print_time(&sql, turns).await;
}

fn plan(arguments: impl Iterator<Item = String>) -> Plan {
    let mut plan = Plan { messages: 10_000_000, users: 100_000, minutes: 10, rate: 40 };
    for argument in arguments {
        let (name, number) = argument.split_once('=').expect("name=number");
        let number = number.parse().expect("a number");
        match name {
            "messages" => plan.messages = number,
            "users" => plan.users = number,
            "minutes" => plan.minutes = number,
            "rate" => plan.rate = number,
            _ => panic!("{name}: give messages, users, minutes or rate"),
        }
    }
    plan
}
