//! Those who watch: places among a user's streams, and the wait for entries.

use std::time::Duration;

use shared::cache::{LiveEntry, LiveId, LiveKind, Mark, Watcher};
use shared::domain::{ChatroomId, MessageId, SessionId, Timestamp, UserId};
use testkit::{RedisServer, Relay, visit};

use crate::cache;

fn now() -> Timestamp {
    Timestamp::from_unix(1_790_000_000).unwrap()
}

fn entry(number: u64, kind: LiveKind, text: &str) -> LiveEntry {
    LiveEntry { id: LiveId { attempt: 1, number }, kind, text: text.into() }
}

#[tokio::test]
async fn over_the_cap_the_newest_streams_have_the_places() {
    let server = RedisServer::start(&[]);
    let (cache, user) = (cache(&server.address()), UserId::generate());
    let watchers = [Watcher::new(user, 2), Watcher::new(user, 2), Watcher::new(user, 2)];
    for watcher in &watchers {
        assert!(cache.keep_watching(watcher, now()).await.unwrap());
    }
    let mut kept = Vec::new();
    for watcher in &watchers {
        kept.push(cache.keep_watching(watcher, now()).await.unwrap());
    }
    assert_eq!(kept, [false, true, true]);

    cache.stop_watching(&watchers[2]).await.unwrap();
    assert!(cache.keep_watching(&Watcher::new(user, 2), now()).await.unwrap());
    assert!(cache.keep_watching(&watchers[1], now()).await.unwrap(), "a place was given back");
    assert!(cache.keep_watching(&Watcher::new(UserId::generate(), 2), now()).await.unwrap(), "another user");
}

#[tokio::test]
async fn a_place_that_is_not_renewed_is_free_after_15_seconds() {
    let server = RedisServer::start(&[]);
    let (cache, user) = (cache(&server.address()), UserId::generate());
    let (gone, stays, new) = (Watcher::new(user, 2), Watcher::new(user, 2), Watcher::new(user, 2));
    cache.keep_watching(&gone, now()).await.unwrap();
    cache.keep_watching(&stays, now()).await.unwrap();
    let later = now() + Duration::from_secs(10);
    cache.keep_watching(&stays, later).await.unwrap();
    let latest = now() + Duration::from_secs(16);
    assert!(cache.keep_watching(&new, latest).await.unwrap() && cache.keep_watching(&stays, latest).await.unwrap());
    assert!(!cache.keep_watching(&gone, latest).await.unwrap(), "there are newer ones");
}

#[tokio::test]
async fn without_a_cap_no_place_is_kept() {
    let server = RedisServer::start(&[]);
    let (cache, user) = (cache(&server.address()), UserId::generate());
    for _ in 0..20 {
        assert!(cache.keep_watching(&Watcher::new(user, 0), now()).await.unwrap());
    }
    assert_eq!(server.command("DBSIZE").await, "0");
}

#[tokio::test]
async fn streams_that_are_opened_are_counted_once_and_renewals_are_not() {
    let server = RedisServer::start(&[]);
    let relay = Relay::to(&server.address()).await;
    let (cache, user) = (cache(relay.address()), UserId::generate());
    let [first, second, third] = [0; 3].map(|_| Watcher::new(user, 2));
    assert_eq!(cache.begin_watching(&first, 2, now()).await.unwrap(), None);
    for _ in 0..5 {
        assert!(cache.keep_watching(&first, now()).await.unwrap());
        assert_eq!(cache.begin_watching(&first, 2, now()).await.unwrap(), None, "the same one");
    }
    relay.lose_answer(1);
    assert_eq!(cache.begin_watching(&second, 2, now()).await.unwrap(), None);
    assert!(relay.has_lost());
    let pause = Duration::from_secs(30);
    assert_eq!(cache.begin_watching(&third, 2, now()).await.unwrap(), Some(pause));
    assert!(cache.keep_watching(&first, now()).await.unwrap(), "who is refused displaces nobody");
    assert_eq!(cache.begin_watching(&third, 0, now()).await.unwrap(), None, "no limit");
    assert_eq!(cache.begin_watching(&Watcher::new(user, 2), 2, now() + pause).await.unwrap(), None);
    let other = Watcher::new(UserId::generate(), 2);
    assert_eq!(cache.begin_watching(&other, 2, now()).await.unwrap(), None, "another user");
}

#[tokio::test]
async fn a_stream_is_opened_in_one_round_trip_and_a_revoked_session_takes_no_place() {
    let server = RedisServer::start(&[]);
    let (cache, reply) = (cache(&server.address()), MessageId::generate());
    let (user, session) = (UserId::generate(), SessionId::generate());
    cache.publish(reply, &entry(1, LiveKind::Snapshot, "Tea")).await.unwrap();
    let (checked, entries) = cache.open_stream(&visit(user, session, now()), reply).await.unwrap();
    assert_eq!((checked.mark, entries), (Mark::Unknown, vec![entry(1, LiveKind::Snapshot, "Tea")]));

    cache.mark_revoked(&[session]).await.unwrap();
    let (checked, _) = cache.open_stream(&visit(user, session, now()), reply).await.unwrap();
    assert_eq!(checked.mark, Mark::Revoked);
    assert_eq!(server.command(&format!("EXISTS streams:{{{user}}}")).await, "0");
}

#[tokio::test]
async fn a_follower_gets_what_comes_after_its_id_and_waits_no_longer_than_it_says() {
    let server = RedisServer::start(&[]);
    let (cache, reply) = (cache(&server.address()), MessageId::generate());
    let mut follower = cache.follower(reply);
    let start = tokio::time::Instant::now();
    assert!(follower.next(LiveId::START, Duration::from_millis(100)).await.unwrap().is_empty());
    assert!((90..1_000).contains(&start.elapsed().as_millis()));

    let write = async {
        for number in 1..=3 {
            tokio::time::sleep(Duration::from_millis(30)).await;
            cache.publish(reply, &entry(number, LiveKind::Snapshot, "Tea")).await.unwrap();
        }
        cache.reply_ended(ChatroomId::generate(), reply).await.unwrap();
    };
    let read = async {
        let (mut after, mut numbers) = (LiveId::START, Vec::new());
        while after != LiveId::END {
            for entry in follower.next(after, Duration::from_secs(5)).await.unwrap() {
                after = entry.id;
                numbers.push(entry.id.number);
            }
        }
        numbers
    };
    assert_eq!(tokio::join!(write, read).1, [1, 2, 3, 0]);
}

#[tokio::test]
async fn a_follower_whose_connection_is_lost_or_silent_connects_anew() {
    let server = RedisServer::start(&[]);
    let relay = Relay::to(&server.address()).await;
    let (cache, direct, reply) = (cache(relay.address()), cache(&server.address()), MessageId::generate());
    direct.publish(reply, &entry(1, LiveKind::Snapshot, "Tea")).await.unwrap();
    let mut follower = cache.follower(reply);
    let millis = Duration::from_millis;
    assert_eq!(follower.next(LiveId::START, millis(50)).await.unwrap().len(), 1);
    relay.go_silent();
    assert!(follower.next(LiveId::START, millis(50)).await.is_err());
    assert_eq!(follower.next(LiveId::START, millis(50)).await.unwrap().len(), 1);
    relay.lose_answer(1);
    assert!(follower.next(LiveId::START, millis(50)).await.is_err());
    assert_eq!(follower.next(LiveId::START, millis(50)).await.unwrap().len(), 1);
}
