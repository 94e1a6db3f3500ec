//! Syncs a customer's row with Stripe, while the row is locked.

use std::cmp::Reverse;
use std::time::Duration;

use super::arrears::Arrears;
use super::objects::{Customer, List, Subscription, time};
use super::{Prices, Stripe, StripeError, erasure, orphan};
use crate::db::customers::{self, Held, ProUntil};
use crate::domain::{Entitlement, SubscriptionState, Timestamp};
use crate::{Fault, telemetry};

/// Fetches the held customer's state from Stripe and stores it; [`Held::release`] commits it. The answer is newer than
/// the lock: others that wait for the lock fetch and store later. A customer that Stripe does not have yet is
/// unchanged.
pub(super) async fn sync(
    held: &mut Held,
    stripe: &Stripe,
    prices: &Prices,
    grace: Duration,
    now: Timestamp,
) -> Result<(), Fault> {
    let Some(customer) = held.customer.stripe_id.clone() else { return Ok(()) };
    let Some(mut subscriptions) = fetch(stripe, &customer).await? else { return gone(held, now).await };
    if held.customer.user.is_none() {
        if orphan::settle(stripe, &held.customer, &subscriptions, now).await? {
            subscriptions = fetch(stripe, &customer).await?.unwrap_or_default();
        }
        if held.customer.closed_at.is_none() {
            held.close().await?;
        }
        if erasure::erase(stripe, &customer, &subscriptions).await? {
            return gone(held, now).await;
        }
    }
    report(&customer, &subscriptions, prices, now);
    let (subscription, pro) = match choose(subscriptions, prices) {
        Some(chosen) => row(&chosen, stripe, prices, grace).await?,
        None => (customers::Subscription::NONE, ProUntil::Never),
    };
    held.store(subscription, pro, now).await
}

/// Stores that Stripe has deleted the customer. A user may become another customer later. Without a user only the id
/// stays, so that a dispute is recognised.
async fn gone(held: &mut Held, now: Timestamp) -> Result<(), Fault> {
    held.store(customers::Subscription::NONE, ProUntil::Never, now).await?;
    if held.customer.user.is_none() { held.erase().await } else { held.forget().await }
}

/// Counts what people must settle: two running subscriptions to Pro, or one to a price that is not one of Pro's.
fn report(customer: &str, subscriptions: &[Subscription], prices: &Prices, now: Timestamp) {
    let (to_pro, others) = running(subscriptions, prices);
    if to_pro.len() > 1 {
        tracing::warn!(customer, "a customer has more than one subscription");
        telemetry::count("DuplicateSubscription", 1, now);
    }
    for Subscription { id, items, .. } in others {
        let prices = items.data.iter().filter_map(|item| item.price.as_ref());
        let prices: Vec<&str> = prices.map(|price| price.id.as_str()).collect();
        tracing::warn!(customer, subscription = id, ?prices, "a subscription whose price is not in StripePriceId");
        telemetry::count("UnknownPrice", 1, now);
    }
}

/// The running subscriptions: those to Pro, and the others.
fn running<'a>(all: &'a [Subscription], prices: &Prices) -> (Vec<&'a Subscription>, Vec<&'a Subscription>) {
    let running = all.iter().filter(|subscription| !subscription.status.is_over());
    running.partition(|subscription| prices.has(subscription))
}

/// All subscriptions of a customer; `None` if the customer was deleted. A customer that Stripe does not know at all is
/// an error: the key may belong to another account, and no user may lose their plan because of that.
pub(super) async fn fetch(stripe: &Stripe, customer: &str) -> Result<Option<Vec<Subscription>>, StripeError> {
    let query = [
        ("customer", customer),
        ("status", "all"),
        ("limit", "100"),
        ("expand[]", "data.latest_invoice"),
        ("expand[]", "data.customer"),
    ];
    let subscriptions = stripe.get::<List<Subscription>>(&["subscriptions"], &query).await?.data;
    let deleted = match subscriptions.first() {
        Some(subscription) => subscription.customer.deleted,
        None => stripe.get::<Customer>(&["customers", customer], &[]).await?.deleted,
    };
    Ok((!deleted).then_some(subscriptions))
}

/// The subscription that counts: one that entitles, else one that is not over (to Pro rather than to something else),
/// else the newest. If two were created in the same second, the first one in Stripe's list is the newest.
fn choose(subscriptions: Vec<Subscription>, prices: &Prices) -> Option<Subscription> {
    subscriptions.into_iter().min_by_key(|subscription| {
        let rank = match subscription.status.entitlement() {
            _ if subscription.status.is_over() => 4,
            _ if !prices.has(subscription) => 3,
            Entitlement::Basic => 2,
            Entitlement::ProInGrace => 1,
            Entitlement::Pro => 0,
        };
        (rank, Reverse(subscription.created))
    })
}

async fn row(
    chosen: &Subscription,
    stripe: &Stripe,
    prices: &Prices,
    grace: Duration,
) -> Result<(customers::Subscription, ProUntil), StripeError> {
    let arrears = Arrears::of(chosen, stripe).await?;
    let items = &chosen.items.data;
    let period_end = time(items.iter().map(|item| item.current_period_end).max());
    let is_over = chosen.status.is_over();
    let cancel_at = time(chosen.cancel_at).or(period_end.filter(|_| chosen.cancel_at_period_end));
    let pause = chosen.pause_collection.as_ref().filter(|_| !is_over);
    let past_due_since = arrears.since.filter(|_| chosen.status == SubscriptionState::PastDue);
    let subscription = customers::Subscription {
        id: Some(chosen.id.clone()),
        state: chosen.status,
        period_start: time(items.iter().map(|item| item.current_period_start).min()),
        period_end,
        cancel_at: cancel_at.filter(|_| !is_over),
        past_due_since,
        payment_problem: arrears.problem,
        payment_url: arrears.url,
        // Stripe's documentation has the customer keep the service meanwhile, so this entitles to nothing else.
        collection_paused: pause.is_some(),
        collection_resumes_at: time(pause.and_then(|pause| pause.resumes_at)),
    };
    let pro = if prices.has(chosen) { pro_until(chosen.status, past_due_since, grace) } else { ProUntil::Never };
    Ok((subscription, pro))
}

/// Until when a state makes the user Pro, if a payment is missing since `past_due_since`.
fn pro_until(state: SubscriptionState, past_due_since: Option<Timestamp>, grace: Duration) -> ProUntil {
    match (state.entitlement(), past_due_since) {
        (Entitlement::Pro, _) => ProUntil::FurtherNotice,
        (Entitlement::ProInGrace, Some(since)) => ProUntil::Moment(since + grace),
        (Entitlement::ProInGrace, None) | (Entitlement::Basic, _) => ProUntil::Never,
    }
}

#[cfg(test)]
mod tests;
