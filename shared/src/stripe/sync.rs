//! A customer's row is brought to what Stripe says, while the row is locked.

use std::cmp::Reverse;
use std::time::Duration;

use super::arrears::Arrears;
use super::objects::{Customer, List, Subscription, time};
use super::{Entitlement, State, Stripe, StripeError, orphan};
use crate::db::customers::{self, Held, ProUntil};
use crate::domain::Timestamp;
use crate::{Fault, telemetry};

/// Fetches what Stripe says of the held customer and stores it, to be kept by [`Held::release`]. The answer is as new as
/// the lock: whoever waits for it fetches later and stores later. A customer not made at Stripe yet stays as it is.
pub(super) async fn refresh(held: &mut Held, stripe: &Stripe, grace: Duration, now: Timestamp) -> Result<(), Fault> {
    let Some(customer) = held.customer.stripe_id.clone() else { return Ok(()) };
    let Some(mut subscriptions) = fetch(stripe, &customer).await? else {
        held.store(customers::Subscription::default(), ProUntil::Never, now).await?;
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
        None => (customers::Subscription::default(), ProUntil::Never),
    };
    held.store(subscription, pro, now).await
}

/// All subscriptions of a customer; `None` if the customer was deleted. One that Stripe does not know at all is an
/// error: the key may be of another account, and nobody is to lose their plan to that.
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

/// The subscription that counts: one that entitles, else one that is not over, else the newest. Of one second the first
/// in Stripe's list is the newest.
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
    let past_due_since = arrears.since.filter(|_| chosen.status == State::PastDue);
    let subscription = customers::Subscription {
        id: Some(chosen.id.clone()),
        status: chosen.status.as_str().into(),
        period_start: time(items.iter().map(|item| item.current_period_start).min()),
        period_end,
        cancel_at: cancel_at.filter(|_| !is_over),
        past_due_since,
        payment_problem: arrears.problem.map(str::to_owned),
        payment_url: arrears.url,
    };
    Ok((subscription, chosen.status.pro_until(past_due_since, grace)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Subscription, choose};

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
    fn of_several_subscriptions_the_one_that_entitles_counts_then_the_running_then_the_newest() {
        assert_eq!(chosen(&[("old", "active", 1), ("new", "canceled", 9), ("newer", "past_due", 10)]), "old");
        assert_eq!(chosen(&[("old", "past_due", 1), ("new", "unpaid", 9)]), "old");
        assert_eq!(chosen(&[("old", "unpaid", 1), ("new", "canceled", 9)]), "old");
        assert_eq!(chosen(&[("old", "canceled", 1), ("new", "incomplete_expired", 9)]), "new");
        assert_eq!(chosen(&[("old", "active", 1), ("new", "trialing", 9)]), "new");
    }
}
