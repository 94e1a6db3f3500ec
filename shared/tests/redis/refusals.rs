//! What the server refuses is an error.

use std::time::Duration;

use shared::cache::{HandoverLimits, LiveEntry, LiveId, LiveKind, RateLimit, Try, Watcher};
use shared::config::Env;
use shared::domain::{ChallengeId, ChatroomId, MessageId, Mobile, SessionId, SignupId, Timestamp, UserId};
use testkit::{RedisServer, visit};

use crate::cache;

#[tokio::test]
async fn every_refusal_of_the_server_is_an_error() {
    let server = RedisServer::start(&[]);
    let cache = cache(&server.address());
    cache.ping().await.unwrap();
    server.command("ACL SETUSER default -@all +acl").await;

    let (now, mobile) = (Timestamp::from_unix(1_790_000_000).unwrap(), Mobile::parse("+14155550123").unwrap());
    let (user, session, room) = (UserId::generate(), SessionId::generate(), ChatroomId::generate());
    let (challenge, signup) = (ChallengeId::generate(), SignupId::generate());
    let limit = RateLimit { most: 1, within: Duration::from_mins(1) };
    let visit = visit(user, session, now);
    let handovers = HandoverLimits::from_env(&Env::from_fn(|_| None)).unwrap();
    let live = LiveEntry { id: LiveId { attempt: 1, number: 1 }, kind: LiveKind::Snapshot, text: String::new() };
    let watcher = Watcher::new(user, 2);
    let refused = [
        ("ping", cache.ping().await.is_err()),
        ("keep_signup", cache.keep_signup(signup, &mobile, "{}", now).await.is_err()),
        ("signup", cache.signup(signup, &mobile).await.is_err()),
        ("drop_signup", cache.drop_signup(signup).await.is_err()),
        ("challenge", cache.challenge(challenge, now).await.is_err()),
        ("try_challenge", cache.try_challenge(challenge, &Try { right: &[], token: None }, now).await.is_err()),
        ("slide", cache.slide("kind", "of", limit, now).await.is_err()),
        ("forget_all", cache.forget_all(&[("kind", "of")]).await.is_err()),
        ("hand_over", cache.hand_over(challenge, &mobile, true, &handovers, now).await.is_err()),
        ("handed_over", cache.handed_over(now).await.is_err()),
        ("end_devices", cache.end_devices(&[], limit.within, &[session], now).await.is_err()),
        ("session", cache.session(&visit).await.is_err()),
        ("mark_live", cache.mark_live(session).await.is_err()),
        ("mark_revoked", cache.mark_revoked(&[session]).await.is_err()),
        ("rooms", cache.rooms(&visit).await.is_err()),
        ("store_rooms", cache.store_rooms(user, "token", "page").await.is_err()),
        ("writing_rooms", cache.writing_rooms(&visit).await.is_err()),
        ("sending", cache.sending(&visit).await.is_err()),
        ("rooms_written", cache.rooms_written(user).await.is_err()),
        ("replies_deleted", cache.replies_deleted(&[MessageId::generate()]).await.is_err()),
        ("publish", cache.publish(MessageId::generate(), &live).await.is_err()),
        ("live_entries", cache.live_entries(MessageId::generate()).await.is_err()),
        ("open_stream", cache.open_stream(&visit, MessageId::generate()).await.is_err()),
        ("keep_watching", cache.keep_watching(&watcher, now).await.is_err()),
        ("stop_watching", cache.stop_watching(&watcher).await.is_err()),
        ("follower", cache.follower(MessageId::generate()).next(LiveId::START, limit.within).await.is_err()),
        ("may_publish", cache.may_publish(MessageId::generate(), LiveId::START).await.is_err()),
        ("reply_ended", cache.reply_ended(room, MessageId::generate()).await.is_err()),
        ("room_changes", cache.room_changes(room).await.is_err()),
    ];
    for (name, is_error) in refused {
        assert!(is_error, "{name}");
    }
}
