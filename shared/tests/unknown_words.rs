//! A stored word that the code does not know is a fault that names its column. It never becomes another value.

#![cfg(test)]

use shared::Fault;
use shared::db::chatrooms::{self, Create};
use shared::db::customers;
use shared::db::customers::By;
use shared::db::messages::{self, Accept, NewMessage};
use shared::domain::{Bounds, Limits, SubscriptionState, Title};
use testkit::TestApi;

/// The column that a fault names; the fault is no outage, so it is answered 500 and logged.
fn column<T: std::fmt::Debug>(read: Result<T, Fault>) -> String {
    let fault = read.expect_err("a fault");
    assert!(!fault.is_outage());
    match fault {
        Fault::Unreadable(column, _) => column,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn an_unknown_word_of_a_subscription_is_a_fault_until_it_is_replaced() {
    let api = TestApi::start(|_, _| Ok(axum::Router::new())).await;
    let (user, now) = (api.signed_in().await, api.stack.clock.now());
    let (db, sql, id) = (api.stack.db(), api.stack.sql().await, user.id.unwrap());
    customers::make(&db, id, now).await.unwrap();
    for (column_name, word) in [("status", "hibernating"), ("payment_problem", "bored")] {
        let set = format!("update customers set {column_name} = $1 where user_id = $2");
        sql.execute(&set, &[&word, &id]).await.unwrap();
        assert_eq!(column(customers::status(&db, id, now).await), column_name);
        let held = customers::hold(&db, By::User(id)).await.unwrap().expect("a row that can be mended");
        assert_eq!(held.customer.subscription.state, SubscriptionState::Unknown);
        held.release().await.unwrap();
        sql.execute("update customers set status = 'none', payment_problem = null", &[]).await.unwrap();
    }
}

#[tokio::test]
async fn an_unknown_word_of_a_reply_is_a_fault() {
    let api = TestApi::start(|_, _| Ok(axum::Router::new())).await;
    let (caller, now) = (api.signed_in().await, api.stack.clock.now());
    let (db, sql, user) = (api.stack.db(), api.stack.sql().await, caller.id.unwrap());
    let bounds = Bounds { unfinished_basic: 5, unfinished_pro: 5, rooms: 5 };
    let made = chatrooms::create(&db, user, &Title::default(), None, bounds, now).await.unwrap();
    let Create::Made(chatrooms::Chatroom { id: room, .. }) = made else { panic!("not made") };
    let content = "hi".to_owned().try_into().unwrap();
    let limits = Limits { basic: 5, pro: 5 };
    let new = NewMessage { user, room, content: &content, key: None, limits, bounds, now };
    let Accept::Stored(accepted) = messages::accept(&db, &new).await.unwrap() else { panic!("not stored") };
    sql.execute("update messages set error = 'bored' where role = 'assistant'", &[]).await.unwrap();
    assert_eq!(column(messages::find(&db, user, room, accepted.reply.id).await), "error");
}
