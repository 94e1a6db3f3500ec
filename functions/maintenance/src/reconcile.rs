//! Compares Stripe's state with what is stored, so that a lost event is found and no row stays wrong for long.

use std::future::Future;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::Fault;
use shared::db::customers::{self, By};
use shared::db::stripe_events::{self, Unfinished};
use shared::domain::Timestamp;
use shared::stripe::objects::List;
use shared::stripe::{Billing, Event, HANDLED, StripeError, TYPES_A_LIST};
use tokio::task::JoinSet;
use tokio::time::Instant;

const DAY: Duration = Duration::from_hours(24);
/// How far the first run looks back, and the farthest that any run does: Stripe keeps its list for 30 days.
const FIRST: Duration = Duration::from_hours(3 * 24);
const FARTHEST: Duration = Duration::from_hours(29 * 24);
/// The overlap of a run with the run before: an event may appear in the list after a later one.
const OVERLAP: Duration = Duration::from_mins(10);
/// How long an event may be processed before it counts as interrupted.
const UNDER_WAY: Duration = Duration::from_mins(2);
/// The most interrupted events, and the most customers without an event, per run.
const MOST: i64 = 300;
/// Customers that are synced at once: fewer than the function's connections, since each holds one during calls to
/// Stripe.
pub const AT_ONCE: usize = 3;

/// What a reconciliation did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Reconciled {
    /// Events that were lost or interrupted, and were processed now.
    pub events: usize,
    /// Customers that were compared without an event.
    pub customers: usize,
    /// Events and customers that failed; a later run retries them.
    pub failed: usize,
}

/// Processes every event that Stripe lists and we did not finish, then our interrupted events, then compares the
/// customers that were unchecked for longest. Stops at `until` and leaves the rest to the next run.
pub async fn reconcile(billing: &Billing, until: Instant) -> Result<Reconciled, Fault> {
    let mut report = Reconciled::default();
    missed(billing, until, &mut report).await?;
    broken_off(billing, until, &mut report).await?;
    let now = billing.clock.now();
    let longest = customers::take_unchecked(&billing.db, now, MOST, now).await?;
    let (done, failed) = each(longest, until, |id| {
        let billing = billing.clone();
        async move { billing.sync_customer(By::Id(id)).await.map(drop) }
    })
    .await;
    report.customers += done;
    report.failed += failed;
    Ok(report)
}

/// Reads Stripe's list of events, a day at a time, from where the last run ended.
async fn missed(billing: &Billing, until: Instant, report: &mut Reconciled) -> Result<(), Fault> {
    let now = billing.clock.now();
    let last = stripe_events::listed_until(&billing.db).await?.unwrap_or(now - FIRST);
    let mut from = last.max(now - FARTHEST) - OVERLAP;
    while Instant::now() < until {
        let to = from + DAY;
        if !missed_between(billing, from, (to < now).then_some(to), until, report).await? {
            return Ok(());
        }
        stripe_events::set_listed_until(&billing.db, to.min(now)).await?;
        if to >= now {
            return Ok(());
        }
        from = to;
    }
    Ok(())
}

/// Processes the unfinished events of a period, of as many types at a time as Stripe lists. `false` if there was no time
/// for all pages.
async fn missed_between(
    billing: &Billing,
    from: Timestamp,
    to: Option<Timestamp>,
    until: Instant,
    report: &mut Reconciled,
) -> Result<bool, Fault> {
    for types in HANDLED.chunks(TYPES_A_LIST) {
        if !missed_of(types, billing, (from, to), until, report).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Processes the unfinished events of some types in a period. `false` if there was no time for all pages.
async fn missed_of(
    types: &[&str],
    billing: &Billing,
    period: (Timestamp, Option<Timestamp>),
    until: Instant,
    report: &mut Reconciled,
) -> Result<bool, Fault> {
    let mut after: Option<String> = None;
    loop {
        let page = page(types, billing, period, after.as_deref()).await?;
        let events: Vec<Event> = page.data.iter().filter_map(Event::read).collect();
        let ids: Vec<&str> = events.iter().map(|event| event.id.as_str()).collect();
        let unknown = stripe_events::unprocessed(&billing.db, &ids).await?;
        after = ids.last().map(ToString::to_string);
        let due: Vec<Event> = events.into_iter().filter(|event| unknown.contains(&event.id)).collect();
        // Recorded first: an event that fails below is found again as interrupted, so the list can go on.
        for event in &due {
            let now = billing.clock.now();
            stripe_events::receive(&billing.db, &event.id, &event.kind, event.customer(), now).await?;
        }
        let (done, failed) = each(due, until, |event| {
            let billing = billing.clone();
            async move { billing.process_event(&event).await }
        })
        .await;
        report.events += done;
        report.failed += failed;
        if !page.has_more || after.is_none() {
            return Ok(true);
        }
        if Instant::now() >= until {
            return Ok(false);
        }
    }
}

async fn page(
    types: &[&str],
    billing: &Billing,
    (from, to): (Timestamp, Option<Timestamp>),
    after: Option<&str>,
) -> Result<List<Value>, StripeError> {
    let (from, to) = (from.unix().to_string(), to.map(|to| to.unix().to_string()));
    let mut query = vec![("limit", "100"), ("created[gte]", from.as_str())];
    query.extend(to.as_deref().map(|to| ("created[lt]", to)));
    query.extend(after.map(|after| ("starting_after", after)));
    query.extend(types.iter().map(|kind| ("types[]", *kind)));
    billing.stripe.get(&["events"], &query).await
}

/// Finishes events that were recorded and never marked as processed.
async fn broken_off(billing: &Billing, until: Instant, report: &mut Reconciled) -> Result<(), Fault> {
    let before = billing.clock.now() - UNDER_WAY;
    let events = stripe_events::unfinished(&billing.db, before, MOST).await?;
    let (done, failed) = each(events, until, |Unfinished { id, stripe_customer_id }| {
        let billing = billing.clone();
        async move {
            if let Some(event) = fetch(&billing, &id).await? {
                return billing.process_event(&event).await;
            }
            if let Some(customer) = stripe_customer_id {
                billing.sync_customer(By::Stripe(&customer)).await?;
            }
            stripe_events::processed(&billing.db, &id, billing.clock.now()).await
        }
    })
    .await;
    report.events += done;
    report.failed += failed;
    Ok(())
}

/// Fetches an event from Stripe; `None` if Stripe does not keep it any more.
async fn fetch(billing: &Billing, id: &str) -> Result<Option<Event>, Fault> {
    match billing.stripe.get::<Value>(&["events", id], &[]).await {
        Ok(event) => Ok(Event::read(&event)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Works on `items`, some at once, until the time is over. Returns how many were done and how many failed.
async fn each<T, F>(items: Vec<T>, until: Instant, work: impl Fn(T) -> F) -> (usize, usize)
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
        running.spawn(work(item));
    }
    while let Some(outcome) = running.join_next().await {
        count(outcome);
    }
    (done, failed)
}

/// What an operator wants to be processed again.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Replay {
    /// A customer of Stripe (`cus_…`).
    Customer(String),
    /// An event (`evt_…`), whether or not it was processed.
    Event(String),
}

/// Whether there was anything to process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// `false` if Stripe or the database does not know it.
    pub found: bool,
}

/// Processes one event or customer again.
pub async fn replay(billing: &Billing, what: &Replay) -> Result<Replayed, Fault> {
    match what {
        Replay::Customer(id) => {
            let synced = billing.sync_customer(By::Stripe(id)).await?;
            Ok(Replayed { found: synced.is_some() })
        }
        Replay::Event(id) => {
            let Some(event) = fetch(billing, id).await? else { return Ok(Replayed { found: false }) };
            billing.sync_subject(&event).await?;
            billing.process_event(&event).await?;
            Ok(Replayed { found: true })
        }
    }
}
