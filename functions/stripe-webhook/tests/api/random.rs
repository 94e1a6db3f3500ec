//! Random lives of subscriptions, with duplicate, lost, late and concurrent events: the row ends with Stripe's state.

use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::domain::{CustomerId, UserId};
use shared::stripe::objects::List;

use crate::shop::{Shop, read};

/// The number of lives, and of shops that run them in parallel. A failure names its life, so that it can be repeated.
const LIVES: u64 = 1000;
const SHOPS: u64 = 4;

const ACTIONS: [&str; 16] = [
    "renew",
    "renew",
    "payment_fails",
    "payment_fails",
    "action_required",
    "recover",
    "recover",
    "pause",
    "resume",
    "portal_cancel",
    "portal_reactivate",
    "pause_collection",
    "resume_collection",
    "refund",
    "cancel_now",
    "delete_customer",
];
const STATUSES: [&str; 5] = ["trialing", "past_due", "unpaid", "incomplete", "active"];

/// Xorshift: the same number gives the same life on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }

    fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.below(choices.len() as u64)).unwrap()]
    }
}

struct Life<'a> {
    shop: &'a Shop,
    dice: Dice,
    user: UserId,
    customer: String,
    subscription: String,
    /// Events that happened and are not delivered yet.
    under_way: Vec<Value>,
    seen: Vec<String>,
    lost: usize,
}

impl<'a> Life<'a> {
    /// A new customer in an empty world.
    async fn begin(shop: &'a Shop, number: u64) -> Self {
        shop.admin("reset", json!({})).await;
        let user = UserId::generate();
        let customer: Value = shop.billing.stripe.post(&["customers"], &[], &user.to_string()).await.unwrap();
        let customer = customer["id"].as_str().unwrap().to_owned();
        let sql = format!(
            "delete from customers; delete from users; delete from stripe_events; delete from stripe_listing;
            insert into users (id, mobile, created_at) values ('{user}', '+14155550100', now());
            insert into customers (id, user_id, stripe_customer_id, created_at)
                values ('{}', '{user}', '{customer}', now());
            insert into stripe_listing (listed_until) values (to_timestamp({}))",
            CustomerId::generate(),
            shop.api.stack.clock.now().unix()
        );
        shop.sql.batch_execute(&sql).await.unwrap();
        let dice = Dice(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let mut life = Self {
            shop,
            dice,
            user,
            customer,
            subscription: String::new(),
            under_way: Vec::new(),
            seen: Vec::new(),
            lost: 0,
        };
        life.buy().await;
        life
    }

    async fn buy(&mut self) {
        let form = [
            ("mode", "subscription"),
            ("customer", &self.customer),
            ("line_items[0][price]", "price_pro"),
            ("line_items[0][quantity]", "1"),
            ("success_url", "https://app.example/paid"),
        ];
        let operation = format!("session-{}", self.seen.len());
        let session = self.shop.billing.stripe.post::<Value>(&["checkout", "sessions"], &form, &operation).await;
        let Ok(session) = session else { return };
        let how = if self.dice.percent(80) { "pay" } else { "pay_later" };
        let paid = self.shop.act("sessions", session["id"].as_str().unwrap(), how).await;
        self.subscription = paid["subscription"].as_str().unwrap().to_owned();
    }

    /// Whether the customer may buy again, as `POST /subscribe/pro` sees it.
    async fn is_over(&self) -> bool {
        self.shop.truth(&self.subscription).await.state.is_over()
    }

    async fn live_on(&mut self) {
        let path = format!("subscriptions/{}", self.subscription);
        let action = match self.dice.below(100) {
            0..80 => json!({ "action": self.dice.one_of(&ACTIONS) }),
            _ => json!({ "action": "set_status", "status": self.dice.one_of(&STATUSES) }),
        };
        let deliveries = self.due();
        // Not every action is possible in every state.
        let (_, ()) = tokio::join!(self.shop.try_admin(&path, action), deliver(self.shop, deliveries));
    }

    /// Collects the new events; some of them are lost.
    async fn listen(&mut self) {
        let list: List<Value> = self.shop.billing.stripe.get(&["events"], &[("limit", "60")]).await.unwrap();
        for event in list.data.into_iter().rev().filter(|event| read(event).is_handled()) {
            let id = read(&event).id;
            if self.seen.contains(&id) {
                continue;
            }
            self.seen.push(id);
            if self.dice.percent(15) {
                self.lost += 1;
            } else {
                self.under_way.push(event);
            }
        }
    }

    /// The events to deliver now: some of the undelivered ones, in any order, some of them more than once.
    fn due(&mut self) -> Vec<Value> {
        let (mut now, mut later) = (Vec::new(), Vec::new());
        for event in std::mem::take(&mut self.under_way) {
            let again = self.dice.percent(25);
            match self.dice.percent(60) {
                true if again => {
                    now.push(event.clone());
                    later.push(event);
                }
                true => now.push(event),
                false => later.push(event),
            }
            if let Some(last) = now.last().filter(|_| self.dice.percent(15)).cloned() {
                now.insert(0, last);
            }
        }
        self.under_way = later;
        now
    }

    /// Delivers all events that were not lost; then the reconciliation handles the lost ones.
    async fn end(mut self) {
        while !self.under_way.is_empty() {
            let due = self.due();
            deliver(self.shop, due).await;
        }
        let truth = self.shop.truth(&self.subscription).await;
        if self.lost == 0 {
            assert_eq!(self.shop.row(self.user).await, truth, "with the events alone");
        }
        let report = self.shop.reconcile().await;
        assert_eq!((report.events, report.failed), (self.lost, 0));
        assert_eq!(self.shop.row(self.user).await, truth);
    }
}

/// Delivers events concurrently, each until it is accepted.
async fn deliver(shop: &Shop, events: Vec<Value>) {
    let one = async |event: &Value| while shop.deliver(event).await.status() != 200 {};
    join_all(events.iter().map(one)).await;
}

async fn live(shop: &Shop, number: u64) {
    let mut life = Life::begin(shop, number).await;
    life.listen().await;
    for _ in 0..life.dice.below(5) {
        life.live_on().await;
        if life.dice.percent(50) && life.is_over().await {
            life.buy().await;
        }
        life.listen().await;
    }
    life.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_random_lives_end_with_stripes_state() {
    let shops = (0..SHOPS).map(|at| {
        tokio::spawn(async move {
            let shop = Shop::open().await;
            for number in (at..LIVES).step_by(usize::try_from(SHOPS).unwrap()) {
                let lived = std::panic::AssertUnwindSafe(live(&shop, number));
                let lived = futures_util::FutureExt::catch_unwind(lived).await;
                assert!(lived.is_ok(), "in life {number}");
            }
        })
    });
    for shop in join_all(shops).await {
        shop.unwrap();
    }
}
