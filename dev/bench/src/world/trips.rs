//! Round trips, as the servers count them.

use std::ops::Sub;
use std::sync::atomic::Ordering;

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

    /// A section of Redis' `INFO`.
    pub(super) async fn info(&self, section: &str) -> String {
        redis::cmd("INFO").arg(section).query_async(&mut self.redis.clone()).await.expect("Redis answers")
    }
}
