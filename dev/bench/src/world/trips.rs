//! What requests take of the servers: round trips, as they count them, and processor time, as Linux does.

use std::fs;
use std::ops::Sub;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::World;

/// Calls of each server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trips {
    /// Statements, by `pg_stat_statements`.
    pub(crate) postgres: i64,
    /// Reads of a client's connection, by `INFO`: a pipeline is one.
    pub(crate) redis: i64,
    /// Calls, by the stand-in.
    pub(crate) sqs: i64,
}

impl Trips {
    /// The most frequent of `counts`: sometimes a server counts something else in between.
    pub(crate) fn usual(counts: &[Self]) -> Self {
        let often = |of: &&Self| counts.iter().filter(|count| count == of).count();
        *counts.iter().max_by_key(often).expect("something was counted")
    }
}

impl Sub for Trips {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self { postgres: self.postgres - before.postgres, redis: self.redis - before.redis, sqs: self.sqs - before.sqs }
    }
}

impl World {
    /// Calls so far, without the calls that this function makes.
    pub(crate) async fn trips(&self) -> Trips {
        let sql = "select coalesce(sum(calls), 0)::bigint from pg_stat_statements
            where query not like '%pg_stat_statements%'
                and dbid in (select oid from pg_database where starts_with(datname, 'test_'))";
        let postgres = self.sql.query_one(sql, &[]).await.expect("Postgres answers").get(0);
        let info = self.info("stats").await;
        let reads =
            info.lines().find_map(|line| line.strip_prefix("total_reads_processed:")).expect("Redis 6 or newer");
        let reads: i64 = reads.trim().parse().expect("a number");
        let redis = reads - self.looks.fetch_add(1, Ordering::Relaxed) - 1;
        Trips { postgres, redis, sqs: self.people.api.stack.sqs.calls() }
    }

    /// Processor time of Postgres, all its processes, and of Redis.
    pub(crate) async fn stores_cpu(&self) -> Duration {
        let backend: i32 = self.sql.query_one("select pg_backend_pid()", &[]).await.expect("Postgres answers").get(0);
        let server = parent(&backend.to_string()).expect("a process that runs");
        let info = self.info("server").await;
        let redis = info.lines().find_map(|line| line.strip_prefix("process_id:")).expect("a process");
        self.looks.fetch_add(1, Ordering::Relaxed);
        let all = fs::read_dir("/proc").expect("Linux").filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let postgres = all.filter(|process| parent(process).as_ref() == Some(&server));
        postgres.map(|process| processor_time(&process)).sum::<Duration>() + processor_time(redis.trim())
    }

    /// A section of Redis' `INFO`.
    pub(super) async fn info(&self, section: &str) -> String {
        redis::cmd("INFO").arg(section).query_async(&mut self.redis.clone()).await.expect("Redis answers")
    }
}

/// The process that started `process`.
fn parent(process: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:")).map(|parent| parent.trim().to_owned())
}

/// What a process with one thread has used so far; nothing if it has ended.
fn processor_time(process: &str) -> Duration {
    let used = fs::read_to_string(format!("/proc/{process}/schedstat")).unwrap_or_default();
    Duration::from_nanos(used.split_ascii_whitespace().next().and_then(|nanos| nanos.parse().ok()).unwrap_or_default())
}
