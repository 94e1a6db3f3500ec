//! The first request of a process, which has no connections yet.

use std::time::Duration;

use shared::cache::Cache;
use testkit::{Relay, TestApi, User, capture};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use crate::api;

/// The host and port of a URL.
fn host(url: &str) -> String {
    let (_, rest) = url.split_once("://").unwrap();
    let authority = rest.split(['/', '?']).next().unwrap();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_owned()
}

#[tokio::test]
async fn postgres_is_connected_to_while_redis_is_asked_and_once() {
    let (logs, _guard) = capture();
    let mut api = api().await;
    let ada = api.signed_in().await;
    let [postgres, redis] = ["DATABASE_URL", "REDIS_URL"].map(|name| (host(api.stack.setting(name)), name));
    let relay = Relay::to(&postgres.0).await;
    let slow = TcpListener::bind("127.0.0.1:0").await.unwrap();
    for ((host, name), new) in [(&postgres, relay.address()), (&redis, &slow.local_addr().unwrap().to_string())] {
        let url = api.stack.setting(name).replace(host, new);
        api.stack = api.stack.with(name, url);
    }
    let ada = ada.at(api.router_of(user::router));
    let way = async {
        let (mut asking, _) = slow.accept().await.unwrap();
        // Redis answers when there is a connection to Postgres, or half a second later not at all.
        while relay.opened() == 0 {
            sleep(Duration::from_millis(1)).await;
        }
        let mut server = TcpStream::connect(&redis.0).await.unwrap();
        copy_bidirectional(&mut asking, &mut server).await.unwrap();
    };
    let requests = async {
        for _ in 0..3 {
            assert_eq!(ada.get("/user/me").await.status(), 200);
        }
    };
    tokio::select! { () = way => panic!("the connection to Redis stays"), () = requests => {} }
    assert_eq!(relay.opened(), 1);
    assert!(!logs.text().contains("Postgres is asked"), "{}", logs.text());
}

/// The same user in a new process, whose Postgres takes connections and says nothing until it is dropped.
async fn with_a_silent_postgres(mut api: TestApi, user: &User) -> (User, TcpListener) {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("postgres://chat@{}/chat", silent.local_addr().unwrap());
    api.stack = api.stack.with("DATABASE_URL", url);
    (user.at(api.router_of(user::router)), silent)
}

#[tokio::test]
async fn a_refusal_does_not_wait_for_postgres() {
    let api = api().await;
    let ada = api.signed_in().await;
    Cache::from_env(&api.stack.env()).unwrap().mark_revoked(&[ada.session.unwrap()]).await.unwrap();
    let (ada, _silent) = with_a_silent_postgres(api, &ada).await;
    let refused = timeout(Duration::from_secs(2), ada.get("/user/me")).await;
    assert_eq!(refused.expect("an answer before the time to connect is over").status(), 401);
}

#[tokio::test]
async fn a_silent_postgres_is_waited_for_once() {
    let api = api().await;
    // Redis does not know the session, so Postgres is asked about it.
    let ada = api.signed_in().await;
    let (ada, _silent) = with_a_silent_postgres(api, &ada).await;
    // A connection may take three seconds.
    let answer = timeout(Duration::from_secs(5), ada.get("/user/me")).await;
    assert_eq!(answer.expect("an answer after one try to connect").status(), 503);
}
