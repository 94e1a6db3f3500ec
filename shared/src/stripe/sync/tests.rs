//! The rules by which a subscription is chosen, and what it entitles to.

use serde_json::json;

use super::{Duration, Prices, ProUntil, Subscription, SubscriptionState, Timestamp, choose, pro_until, running};
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
    assert_eq!(agreed.map(|(word, ..)| SubscriptionState::of_stripe(word)), SubscriptionState::ALL, "every one, once");
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
    choose(made(subscriptions), &prices()).unwrap().id
}

fn prices() -> Prices {
    Prices::from_env(&Env::from_fn(|_| Some("price_pro".into()))).unwrap()
}

fn made(subscriptions: &[(&str, &str, i64)]) -> Vec<Subscription> {
    let made = subscriptions.iter().map(|(id, status, created)| {
        let price = if *id == "newsletter" { "price_newsletter" } else { "price_pro" };
        let item = json!({ "price": { "id": price }, "current_period_start": 1, "current_period_end": 2 });
        let object = json!({
            "id": id, "customer": { "id": "cus_1" }, "status": status, "created": created,
            "items": { "data": [item] },
        });
        serde_json::from_value::<Subscription>(object).unwrap()
    });
    made.collect()
}

#[test]
fn each_running_subscription_to_something_else_is_counted_and_those_to_pro_are_not() {
    let count = |subscriptions| {
        let all = made(subscriptions);
        let (to_pro, others) = running(&all, &prices());
        (to_pro.len(), others.len())
    };
    assert_eq!(count(&[("pro", "active", 1)]), (1, 0));
    assert_eq!(count(&[("newsletter", "active", 1), ("pro", "past_due", 2), ("newsletter", "paused", 3)]), (1, 2));
    assert_eq!(count(&[("newsletter", "canceled", 1), ("pro", "canceled", 2), ("pro", "unpaid", 3)]), (1, 0));
    assert_eq!(count(&[("newsletter", "incomplete_expired", 1), ("pro", "active", 2), ("pro", "trialing", 3)]), (2, 0));
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
