//! A question whose answer is lost is asked again: the server does it twice, and the result is that of once.

use std::time::Duration;

use shared::cache::{
    Asker, Cache, CachedRooms, Challenge, Handover, HandoverLimits, Mark, OpenChallenge, OtpLimits, Purpose, RateLimit,
    RequestLimit, RequestLimits, Try, Use, Verdict, Visit,
};
use shared::domain::{ChallengeId, Mobile, SessionId, Timestamp, UserId};
use testkit::{RedisServer, Relay, visit};

use crate::cache;

struct Lossy {
    relay: Relay,
    cache: Cache,
    _server: RedisServer,
}

impl Lossy {
    async fn start() -> Self {
        let server = RedisServer::start(&[]);
        let relay = Relay::to(&server.address()).await;
        let cache = cache(relay.address());
        // Scripts are known afterwards: a question is one exchange.
        let warm = Self { relay, cache, _server: server };
        let id = warm.open().await;
        warm.attempt(id, false).await;
        warm.cache.challenge(id, now()).await.unwrap();
        warm.hand_over(id, false).await;
        warm.cache.slide("warm", "of", RateLimit { most: 1, within: Duration::from_mins(1) }, now()).await.unwrap();
        warm
    }

    /// What `question` returns although its answer is lost.
    async fn lost<T>(&self, question: impl Future<Output = T>) -> T {
        self.relay.lose_answer(1);
        let result = question.await;
        assert!(self.relay.has_lost());
        result
    }

    async fn open(&self) -> ChallengeId {
        let id = ChallengeId::generate();
        let asker = Asker::stranger("192.0.2.1");
        let opened = self.cache.open_challenge(id, &challenge(), &limits(), &asker, now()).await.unwrap();
        assert!(matches!(opened, OpenChallenge::Opened(_)), "{opened:?}");
        id
    }

    async fn hand_over(&self, id: ChallengeId, is_known: bool) -> Handover {
        // Two codes for numbers without an account: one hour's half of a slice of four.
        let limits = HandoverLimits { per_range_hour: 0, per_day: 96, reserved_percent: 50, burst_hours: 1 };
        self.cache.hand_over(id, &challenge().mobile, is_known, &limits, now()).await.unwrap()
    }

    async fn attempt(&self, id: ChallengeId, right: bool) -> Verdict {
        self.cache.try_challenge(id, &Try { right: &[("test", right)], token: None }, now()).await.unwrap()
    }
}

fn now() -> Timestamp {
    Timestamp::from_unix(1_790_000_000).unwrap()
}

fn challenge() -> Challenge {
    let mobile = Mobile::parse("+14155550123").unwrap();
    Challenge { mobile, purpose: Purpose::SignIn, kid: "test".into(), signup: None }
}

fn limits() -> OtpLimits {
    OtpLimits {
        cooldown: Duration::ZERO,
        per_mobile_hour: 4,
        per_mobile_day: 4,
        per_asker_hour: 0,
        per_asker_day: 0,
        per_ip_hour: 0,
        open: 3,
    }
}

#[tokio::test]
async fn a_challenge_is_opened_and_counted_once() {
    let lossy = Lossy::start().await;
    let first = lossy.lost(lossy.open()).await;
    assert!(lossy.cache.challenge(first, now()).await.unwrap().is_some());
    // One was opened before the test, so this is the fourth and last one.
    lossy.open().await;
    lossy.open().await;
    let (id, challenge, limits) = (ChallengeId::generate(), challenge(), limits());
    let refused =
        lossy.cache.open_challenge(id, &challenge, &limits, &Asker::stranger("192.0.2.1"), now()).await.unwrap();
    assert!(matches!(refused, OpenChallenge::Refused(_)));
}

#[tokio::test]
async fn a_code_is_handed_over_and_counted_once() {
    let lossy = Lossy::start().await;
    let (first, second) = (lossy.open().await, lossy.open().await);
    // One was handed over before the test, so this is the second and last one of the hour.
    let counted = Handover::Counted(Use { sent: 2, used: 0, in_hour: 2 });
    assert_eq!(lossy.lost(lossy.hand_over(first, false)).await, counted);
    assert_eq!(lossy.hand_over(first, false).await, counted, "as when its record is delivered again");
    assert_eq!(lossy.hand_over(second, false).await, Handover::Cap);
    assert_eq!(lossy.hand_over(second, true).await, Handover::Counted(Use { sent: 3, used: 0, in_hour: 3 }));
}

#[tokio::test]
async fn a_right_code_is_right() {
    let lossy = Lossy::start().await;
    let id = lossy.open().await;
    assert!(matches!(lossy.lost(lossy.attempt(id, true)).await, Verdict::Right(..)));
    assert!(matches!(lossy.attempt(id, true).await, Verdict::Expired));
}

#[tokio::test]
async fn a_wrong_code_is_one_try() {
    let lossy = Lossy::start().await;
    let id = lossy.open().await;
    for _ in 0..4 {
        assert!(matches!(lossy.lost(lossy.attempt(id, false)).await, Verdict::Wrong(_)));
    }
    assert!(matches!(lossy.attempt(id, true).await, Verdict::Right(..)), "the fifth try");
}

#[tokio::test]
async fn an_event_is_counted_once_and_not_refused_for_itself() {
    let lossy = Lossy::start().await;
    let limit = RateLimit { most: 2, within: Duration::from_mins(1) };
    for refused in [false, false, true] {
        let wait = lossy.lost(lossy.cache.slide("kind", "of", limit, now())).await.unwrap();
        assert_eq!(wait.is_some(), refused);
    }
}

#[tokio::test]
async fn a_missed_list_is_stored_under_its_own_token() {
    let lossy = Lossy::start().await;
    let (user, session) = (UserId::generate(), SessionId::generate());
    lossy.cache.session(&visit(user, session, now())).await.unwrap();
    let (_, missed) = lossy.lost(lossy.cache.rooms(&visit(user, session, now()))).await.unwrap();
    let CachedRooms::Miss(token) = missed else { panic!("{missed:?}") };
    lossy.cache.store_rooms(user, &token, "[]").await.unwrap();
    assert_eq!(lossy.cache.rooms(&visit(user, session, now())).await.unwrap().1, CachedRooms::Hit("[]".into()));
}

#[tokio::test]
async fn a_request_is_counted_once() {
    let lossy = Lossy::start().await;
    let limits = RequestLimits { per_user: 2, per_address: 3 };
    let (user, session, now) = (UserId::generate(), SessionId::generate(), now());
    let of = |user| Visit { limits, ..visit(user, session, now) };
    lossy.cache.session(&of(UserId::generate())).await.unwrap();
    for over in [None, None, Some(RequestLimit::User)] {
        let checked = lossy.lost(lossy.cache.session(&of(user))).await.unwrap();
        assert_eq!((checked.mark, checked.over.map(|(limit, _)| limit)), (Mark::Unknown, over));
    }
    let other = lossy.cache.session(&of(UserId::generate())).await.unwrap();
    assert_eq!(other.over.unwrap().0, RequestLimit::Address, "three requests came from there");
}

#[tokio::test]
async fn a_server_that_lost_its_scripts_gets_them_again() {
    let server = RedisServer::start(&[]);
    let cache = cache(&server.address());
    let (user, session) = (UserId::generate(), SessionId::generate());
    let visit = Visit { limits: RequestLimits { per_user: 2, per_address: 0 }, ..visit(user, session, now()) };
    for is_over in [false, false, true] {
        server.command("SCRIPT FLUSH").await;
        assert_eq!(cache.sending(&visit).await.unwrap().over.is_some(), is_over);
    }
}
