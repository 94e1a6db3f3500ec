//! Syncs a customer's row with Stripe, while the row is locked.

use std::cmp::Reverse;
use std::time::Duration;

use super::arrears::Arrears;
use super::objects::{Customer, List, Subscription, time};
use super::{Stripe, StripeError, orphan};
use crate::db::customers::{self, Held, ProUntil};
use crate::domain::{Entitlement, SubscriptionState, Timestamp};
use crate::{Fault, telemetry};

/// Fetches the held customer's state from Stripe and stores it; [`Held::release`] commits it. The answer is newer than
/// the lock: others that wait for the lock fetch and store later. A customer that Stripe does not have yet is
/// unchanged.
pub(super) async fn sync(held: &mut Held, stripe: &Stripe, grace: Duration, now: Timestamp) -> Result<(), Fault> {
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
    if subscriptions.iter().filter(|subscription| !subscription.status.is_over()).count() > 1 {
        tracing::warn!(customer, "a customer has more than one subscription");
        telemetry::count("DuplicateSubscription", 1, now);
    }
    let (subscription, pro) = match choose(subscriptions) {
        Some(chosen) => row(&chosen, stripe, grace).await?,
        None => (customers::Subscription::NONE, ProUntil::Never),
    };
    held.store(subscription, pro, now).await
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

/// The subscription that counts: one that entitles, else one that is not over, else the newest. If two were created in
/// the same second, the first one in Stripe's list is the newest.
fn choose(subscriptions: Vec<Subscription>) -> Option<Subscription> {
    subscriptions.into_iter().min_by_key(|subscription| {
        let rank = match subscription.status.entitlement() {
            Entitlement::Pro => 0,
            Entitlement::ProInGrace => 1,
            Entitlement::Basic if !subscription.status.is_over() => 2,
            Entitlement::Basic => 3,
        };
        (rank, Reverse(subscription.created))
    })
}

async fn row(
    chosen: &Subscription,
    stripe: &Stripe,
    grace: Duration,
) -> Result<(customers::Subscription, ProUntil), StripeError> {
    let arrears = Arrears::of(chosen, stripe).await?;
    let items = &chosen.items.data;
    let period_end = time(items.iter().map(|item| item.current_period_end).max());
    let is_over = chosen.status.is_over();
    let cancel_at = time(chosen.cancel_at).or(period_end.filter(|_| chosen.cancel_at_period_end));
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
    };
    Ok((subscription, pro_until(chosen.status, past_due_since, grace)))
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

    use super::{Duration, ProUntil, Subscription, SubscriptionState, Timestamp, choose, pro_until};

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
        let subscriptions = subscriptions.iter().map(|(id, status, created)| {
            let object = json!({
                "id": id, "customer": { "id": "cus_1" }, "status": status, "created": created, "items": { "data": [] },
            });
            serde_json::from_value::<Subscription>(object).unwrap()
        });
        choose(subscriptions.collect()).unwrap().id
    }

    #[test]
    fn the_subscription_that_entitles_counts_else_a_running_one_else_the_newest() {
        assert_eq!(chosen(&[("old", "active", 1), ("new", "canceled", 9), ("newer", "past_due", 10)]), "old");
        assert_eq!(chosen(&[("old", "past_due", 1), ("new", "unpaid", 9)]), "old");
        assert_eq!(chosen(&[("old", "unpaid", 1), ("new", "canceled", 9)]), "old");
        assert_eq!(chosen(&[("old", "canceled", 1), ("new", "incomplete_expired", 9)]), "new");
        assert_eq!(chosen(&[("old", "active", 1), ("new", "trialing", 9)]), "new");
    }
}
