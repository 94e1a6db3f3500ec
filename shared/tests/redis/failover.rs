//! The address leads to another server, or its host is gone.

use shared::domain::{ChatroomId, MessageId, Mobile, SessionId, SignupId, Timestamp, UserId};
use testkit::{RedisServer, Relay, visit};

use crate::cache;

#[tokio::test]
async fn after_a_failover_nothing_fails() {
    let (old, new) = (RedisServer::start(&[]), RedisServer::start(&[]));
    let relay = Relay::to(&old.address()).await;
    // One for each kind of question: a command, a pipeline, a script.
    let caches = [cache(relay.address()), cache(relay.address()), cache(relay.address())];
    for cache in &caches {
        cache.ping().await.unwrap();
    }
    old.follow(&new).await;
    relay.lead_to(&new.address());

    let (now, mobile) = (Timestamp::from_unix(1_790_000_000).unwrap(), Mobile::parse("+14155550123").unwrap());
    caches[0].keep_signup(SignupId::generate(), &mobile, "{}", now).await.unwrap();
    caches[1].sending(&visit(UserId::generate(), SessionId::generate(), now)).await.unwrap();
    let limit = shared::cache::RateLimit { most: 1, within: std::time::Duration::from_mins(1) };
    assert_eq!(caches[2].slide("kind", "of", limit, now).await.unwrap(), None);
    assert_eq!(relay.opened(), 6, "each connection is replaced once");
}

#[tokio::test]
async fn while_no_server_takes_writes_each_command_fails_and_the_next_one_looks_again() {
    let (old, new) = (RedisServer::start(&[]), RedisServer::start(&[]));
    let relay = Relay::to(&old.address()).await;
    let cache = cache(relay.address());
    old.follow(&new).await;
    assert!(cache.reply_ended(ChatroomId::generate(), MessageId::generate()).await.unwrap_err().is_outage());
    relay.lead_to(&new.address());
    cache.reply_ended(ChatroomId::generate(), MessageId::generate()).await.unwrap();
}

#[tokio::test]
async fn after_a_silent_host_the_next_command_takes_another_connection() {
    let server = RedisServer::start(&[]);
    let relay = Relay::to(&server.address()).await;
    let cache = cache(relay.address());
    cache.ping().await.unwrap();
    relay.go_silent();
    assert!(cache.ping().await.unwrap_err().is_outage());
    cache.ping().await.unwrap();
    assert_eq!(relay.opened(), 2);
}
