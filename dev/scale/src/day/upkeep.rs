//! What the schedules do meanwhile, with their bounds.

use std::time::Duration;

use shared::db::{Db, allowances, attempts, customers, messages, replies, sessions, stats};
use shared::domain::Clock;
use tokio::time::Instant;

use crate::latency::Latencies;

/// Rows per statement, as in `functions/maintenance`.
const SWEPT: i64 = 500;
const EXPIRED: i64 = 1_000;
const COMPARED: i64 = 100;
const DAY: Duration = Duration::from_hours(24);

/// Sweeps, reconciles and expires every ten seconds until `end`.
pub(crate) async fn run(db: Db, clock: Clock, latencies: Latencies, end: Instant) {
    while Instant::now() < end {
        let (now, before) = (clock.now(), clock.now() - DAY * 40);
        let strays = replies::strays(&db, now - Duration::from_secs(20), now - Duration::from_mins(5), SWEPT);
        latencies.of("sweep", strays).await.expect("Postgres");
        let unchecked = customers::take_unchecked(&db, before, COMPARED, now);
        latencies.of("reconcile", unchecked).await.expect("Postgres");
        latencies.of("expire keys", messages::forget_keys(&db, now - DAY, EXPIRED)).await.expect("Postgres");
        latencies.of("expire sessions", sessions::delete_ended(&db, before, EXPIRED)).await.expect("Postgres");
        latencies.of("expire attempts", attempts::delete_before(&db, before, EXPIRED)).await.expect("Postgres");
        latencies
            .of("expire allowances", allowances::delete_before(&db, before.day(), EXPIRED))
            .await
            .expect("Postgres");
        latencies.of("statistics", stats::replies(&db, now)).await.expect("Postgres");
        latencies.of("health", attempts::only_fail(&db, now - Duration::from_mins(5))).await.expect("Postgres");
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
}
