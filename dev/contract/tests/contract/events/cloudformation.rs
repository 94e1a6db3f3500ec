//! `migrate`

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::routing::put;
use lambda_runtime::{Context, LambdaEvent};
use migrate::{Event, Migrate};
use serde_json::{Value, json};
use testkit::Stack;

use crate::routes::events_of;

type Heard = Arc<Mutex<Vec<Value>>>;

#[tokio::test]
async fn the_events_of_migrate_are_answered() {
    let stack = Stack::start().await;
    stack.sql().await.batch_execute("drop schema public cascade; create schema public").await.unwrap();
    let migrate = Migrate::from_env(&stack.env()).unwrap();
    let heard = Heard::default();
    let router = Router::new().route("/response", put(hear)).with_state(heard.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, router).await });

    let mut left = events_of("migrate");
    for name in ["migrate-create", "migrate-update", "migrate-delete", "migrate-operator"] {
        left.remove(name);
        let waits: &[(&str, &str)] = if name == "migrate-operator" { &[] } else { &[("127.0.0.1:9", &address)] };
        let event: Event = serde_json::from_str(&testkit::event(name, waits)).unwrap();
        let answer = migrate.handle(LambdaEvent::new(event, Context::default())).await.unwrap();
        if name == "migrate-operator" {
            assert_eq!(answer["applied_now"], json!([]));
        } else {
            assert_eq!(heard.lock().unwrap().remove(0)["Status"], "SUCCESS", "{name}");
        }
    }
    assert!(left.is_empty(), "not sent: {left:?}");
}

async fn hear(State(heard): State<Heard>, body: String) {
    heard.lock().unwrap().push(serde_json::from_str(&body).unwrap());
}
