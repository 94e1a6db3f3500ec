//! Work on a list, some of it at once, until the time is over.

use std::future::Future;

use shared::Fault;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::Instrument;

/// Customers that are synced at once: fewer than the function's connections, since each holds one during calls to
/// Stripe.
pub const AT_ONCE: usize = 3;

/// Works on `items`, some at once, until the time is over. Returns how many were done and how many failed.
pub(crate) async fn each<T, F>(items: Vec<T>, until: Instant, work: impl Fn(T) -> F) -> (usize, usize)
where
    F: Future<Output = Result<(), Fault>> + Send + 'static,
{
    let mut running = JoinSet::new();
    let (mut done, mut failed) = (0, 0);
    let mut count = |outcome| match outcome {
        Ok(Ok(())) => done += 1,
        Ok(Err(error)) => {
            failed += 1;
            tracing::warn!(%error, "not reconciled");
        }
        Err(error) => {
            failed += 1;
            tracing::error!(%error, "a reconciliation panicked");
        }
    };
    for item in items {
        if Instant::now() >= until {
            break;
        }
        if running.len() == AT_ONCE
            && let Some(outcome) = running.join_next().await
        {
            count(outcome);
        }
        running.spawn(work(item).in_current_span());
    }
    while let Some(outcome) = running.join_next().await {
        count(outcome);
    }
    (done, failed)
}
