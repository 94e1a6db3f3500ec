//! Every order in which the events of a lifecycle can arrive.

use shared::domain::UserId;
use shared::stripe::Event;

use crate::shop::{Row, Shop, read};

struct Lifecycle {
    shop: Shop,
    user: UserId,
    events: Vec<Event>,
    truth: Row,
}

impl Lifecycle {
    /// A subscription was bought, a renewal failed and was paid later: seven events, none of them delivered yet.
    async fn lived() -> Self {
        let shop = Shop::open().await;
        let (user, subscription) = shop.buyer().await;
        shop.act("subscriptions", &subscription, "payment_fails").await;
        shop.act("subscriptions", &subscription, "recover").await;
        let events: Vec<Event> = shop.events().await.iter().map(read).filter(Event::is_handled).collect();
        assert_eq!(events.len(), 7);
        let truth = shop.truth(&subscription).await;
        Self { shop, user: user.id.unwrap(), events, truth }
    }

    /// Sets the state in which exactly these events were processed; without any, the subscription is unknown.
    async fn set(&self, dealt_with: &[&str]) {
        let sql = "with gone as (delete from stripe_events where id <> all($1))
            insert into stripe_events (id, type, received_at, processed_at)
            select id, 'x', now(), now() from unnest($1::text[]) as id on conflict do nothing";
        self.shop.sql.execute(sql, &[&dealt_with]).await.unwrap();
        if dealt_with.is_empty() {
            let sql = "update customers set status = 'none', subscription_id = null, pro_until = null,
                current_period_start = null, current_period_end = null";
            self.shop.sql.execute(sql, &[]).await.unwrap();
        }
    }

    async fn deliver(&self, event: &Event) {
        self.shop.billing.process_event(event).await.unwrap();
        assert_eq!(self.shop.row(self.user).await, self.truth, "after {}", event.kind);
    }
}

/// Covers all 5,040 orders of seven events without running each. A delivery depends only on the set of earlier events
/// and on the row, and the row is the same after each event. So every step of every order is one of these cases.
#[tokio::test]
async fn every_order_of_seven_events_ends_with_stripes_state() {
    let life = Lifecycle::lived().await;
    for before in 0_u32..128 {
        let came = |at: usize| before >> at & 1 == 1;
        let ids: Vec<&str> = (0..7).filter(|at| came(*at)).map(|at| life.events[at].id.as_str()).collect();
        for at in (0..7).filter(|at| !came(*at)) {
            life.set(&ids).await;
            life.deliver(&life.events[at]).await;
        }
    }
}

/// Runs every order of five of these events from the beginning.
#[tokio::test]
async fn every_order_of_five_events_is_run_to_its_end() {
    let life = Lifecycle::lived().await;
    let mut orders = vec![Vec::new()];
    for _ in 0..5 {
        orders = orders
            .into_iter()
            .flat_map(|order: Vec<usize>| {
                (0..5).filter(|at| !order.contains(at)).map(|at| [&order[..], &[at]].concat()).collect::<Vec<_>>()
            })
            .collect();
    }
    assert_eq!(orders.len(), 120);
    for order in orders {
        life.set(&[]).await;
        for at in order {
            life.deliver(&life.events[at]).await;
        }
    }
}
