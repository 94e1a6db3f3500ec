//! Syncs a customer's row with Stripe, while the row is locked.

use std::cmp::Reverse;
use std::time::Duration;

use super::arrears::Arrears;
use super::objects::{Customer, List, Subscription, time};
use super::{Prices, Stripe, StripeError, orphan};
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
    let Some(mut subscriptions) = fetch(stripe, &customer).await? else {
        held.store(customers::Subscription::NONE, ProUntil::Never, now).await?;
        return held.forget().await;
    };
    if held.customer.user.is_none() {
        if orphan::settle(stripe, &held.customer, &subscriptions, now).await? {
            subscriptions = fetch(stripe, &customer).await?.unwrap_or_default();
        }
        if held.customer.closed_at.is_none() {
            held.close().await?;
        }
    }
    report(&customer, &subscriptions, prices, now);
    let (subscription, pro) = match choose(subscriptions, prices) {
        Some(chosen) => row(&chosen, stripe, prices, grace).await?,
        None => (customers::Subscription::NONE, ProUntil::Never),
    };
    held.store(subscription, pro, now).await
}

/// Counts what people must settle: two running subscriptions to Pro, or one to a price that is not one of Pro's.
fn report(customer: &str, subscriptions: &[Subscription], prices: &Prices, now: Timestamp) {
    let running = subscriptions.iter().filter(|subscription| !subscription.status.is_over());
    let (to_pro, others): (Vec<_>, Vec<_>) = running.partition(|subscription| prices.has(subscription));
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
mod tests {
    use serde_json::json;

    use super::{Duration, Prices, ProUntil, Subscription, SubscriptionState, Timestamp, choose, pro_until};
    use crate::config::Env;

    const GRACE: Duration = Duration::from_hours(72);

    #[test]
    fn every_state_of_stripe_has_its_agreed_entitlement() {
        let since = Timestamp::from_unix(1_795_435_200).unwrap();
        let agreed = [
            ("none", ProUntil::Never, true),
            ("active", ProUntil::FurtherNotice, false),
            ("trialing", ProUntil::FurtherNotice, false),
            ("past_due", ProUntil::Moment(since + GRACE), false),
            ("incomplete", ProUntil::Never, false),
            ("incomplete_expired", ProUntil::Never, true),
            ("unpaid", ProUntil::Never, false),
            ("paused", ProUntil::Never, false),
            ("canceled", ProUntil::Never, true),
            ("unknown", ProUntil::Never, false),
        ];
        assert_eq!(
            agreed.map(|(word, ..)| SubscriptionState::of_stripe(word)),
            SubscriptionState::ALL,
            "every one, once"
        );
        for (word, pro, over) in agreed {
            let state = SubscriptionState::of_stripe(word);
            assert_eq!(state.as_str(), word);
            assert_eq!(pro_until(state, Some(since), GRACE), pro, "{word}");
            assert_eq!(state.is_over(), over, "{word}");
        }
    }

    #[test]
    fn a_state_that_is_not_known_yet_entitles_to_nothing_and_is_not_over() {
        let state = SubscriptionState::of_stripe("hibernating");
        assert_eq!(
            (state, pro_until(state, None, GRACE), state.is_over()),
            (SubscriptionState::Unknown, ProUntil::Never, false)
        );
    }

    fn chosen(subscriptions: &[(&str, &str, i64)]) -> String {
        let prices = Prices::from_env(&Env::from_fn(|_| Some("price_pro".into()))).unwrap();
        let subscriptions = subscriptions.iter().map(|(id, status, created)| {
            let price = if *id == "newsletter" { "price_newsletter" } else { "price_pro" };
            let item = json!({ "price": { "id": price }, "current_period_start": 1, "current_period_end": 2 });
            let object = json!({
                "id": id, "customer": { "id": "cus_1" }, "status": status, "created": created,
                "items": { "data": [item] },
            });
            serde_json::from_value::<Subscription>(object).unwrap()
        });
        choose(subscriptions.collect(), &prices).unwrap().id
    }

    #[test]
    fn the_subscription_that_entitles_counts_else_a_running_one_else_the_newest() {
        assert_eq!(chosen(&[("old", "active", 1), ("new", "canceled", 9), ("newer", "past_due", 10)]), "old");
        assert_eq!(chosen(&[("old", "past_due", 1), ("new", "unpaid", 9)]), "old");
        assert_eq!(chosen(&[("old", "unpaid", 1), ("new", "canceled", 9)]), "old");
        assert_eq!(chosen(&[("old", "canceled", 1), ("new", "incomplete_expired", 9)]), "new");
        assert_eq!(chosen(&[("old", "active", 1), ("new", "trialing", 9)]), "new");
    }

    #[test]
    fn a_subscription_to_something_else_counts_only_if_none_to_pro_runs() {
        assert_eq!(chosen(&[("pro", "past_due", 1), ("newsletter", "active", 9)]), "pro");
        assert_eq!(chosen(&[("pro", "unpaid", 1), ("newsletter", "active", 9)]), "pro");
        assert_eq!(chosen(&[("pro", "canceled", 10), ("newsletter", "active", 9)]), "newsletter");
    }
}
