//! Compares Stripe's state with what is stored, so that a lost event is found and no row stays wrong for long.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use shared::Fault;
use shared::db::customers::{self, By};
use shared::db::stripe_events::{self, Unfinished};
use shared::domain::Timestamp;
use shared::stripe::objects::List;
use shared::stripe::{Billing, Event, HANDLED, StripeError, TYPES_A_LIST};
use shared::telemetry;
use tokio::time::Instant;

use crate::each::each;

const DAY: Duration = Duration::from_hours(24);
/// How far the first run looks back, and the farthest that any run does: Stripe keeps its list for 30 days.
const FIRST: Duration = Duration::from_hours(3 * 24);
const FARTHEST: Duration = Duration::from_hours(29 * 24);
/// The overlap of a run with the run before: an event may appear in the list after a later one.
const OVERLAP: Duration = Duration::from_mins(10);
/// How long an event may be processed before it counts as interrupted.
const UNDER_WAY: Duration = Duration::from_mins(2);
/// The most interrupted events per run.
const MOST: i64 = 300;
/// Customers that are marked as compared at a time: those that the time is too short for wait for another turn.
const FEW: i64 = 12;

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
    while Instant::now() < until {
        let longest = customers::take_unchecked(&billing.db, now, FEW, now).await?;
        if longest.is_empty() {
            break;
        }
        let (done, failed) = each(longest, until, |id| {
            let billing = billing.clone();
            async move { billing.sync_customer(By::Id(id)).await.map(drop) }
        })
        .await;
        report.customers += done;
        report.failed += failed;
    }
    telemetry::count("ReconcileFailed", report.failed.try_into().unwrap_or(u64::MAX), billing.clock.now());
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
            stripe_events::receive(&billing.db, &event.id, &event.kind, event.customer(), None, now).await?;
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
    let (done, failed) = each(events, until, |event| {
        let billing = billing.clone();
        async move { finish(&billing, event).await }
    })
    .await;
    report.events += done;
    report.failed += failed;
    Ok(())
}

/// Finishes an event. Stripe lists no thin events; what is known of such a one is the path of its object.
async fn finish(billing: &Billing, interrupted: Unfinished) -> Result<(), Fault> {
    let Unfinished { id, kind, stripe_customer_id, object_path } = interrupted;
    let of_path = || Event::of_object(id.clone(), kind, object_path.as_deref()?);
    if let Some(event) = fetch(billing, &id).await?.or_else(of_path) {
        return billing.process_event(&event).await;
    }
    if let Some(customer) = stripe_customer_id {
        billing.sync_customer(By::Stripe(&customer)).await?;
    }
    stripe_events::processed(&billing.db, &id, billing.clock.now()).await
}

/// Fetches an event from Stripe; `None` if Stripe does not keep it any more.
pub(crate) async fn fetch(billing: &Billing, id: &str) -> Result<Option<Event>, Fault> {
    match billing.stripe.get::<Value>(&["events", id], &[]).await {
        Ok(event) => Ok(Event::read(&event)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error.into()),
    }
}
