//! Refresh tokens in the hands of an owner who loses answers and a thief who has a copy: any order of what they do, compared
//! with a model, and what the model promises.
//!
//! `PROOF_SEED=74` runs one seed.

#![cfg(test)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use proof::Random;
use serde_json::json;
use shared::domain::{Clock, Timestamp};
use testkit::{Stack, TestApi, User};

/// How long a repeated request gets the same successor, in seconds.
const SAME: i64 = 30;
const NOON: i64 = 1_795_435_200;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Owner,
    Thief,
}

/// What the service must do: tokens are numbers in the order in which they are made.
#[derive(Debug, Default)]
struct Chain {
    parent: Option<usize>,
    head: usize,
    made_at: i64,
    tokens: usize,
    ended: bool,
}

impl Chain {
    /// The successor of a token that is presented; `None` if it is refused.
    fn present(&mut self, token: usize, now: i64) -> Option<usize> {
        if self.ended {
            return None;
        }
        if token != self.head && self.parent != Some(token) {
            self.ended = true;
            return None;
        }
        if token == self.head {
            self.parent = Some(token);
        } else if now - self.made_at < SAME {
            return Some(self.head);
        }
        self.tokens += 1;
        (self.head, self.made_at) = (self.tokens, now);
        Some(self.head)
    }
}

struct World {
    nobody: User,
    now: Arc<AtomicI64>,
    chain: Chain,
    /// The texts of the tokens, by their numbers.
    texts: BTreeMap<usize, String>,
}

impl World {
    async fn start(api: &TestApi) -> Self {
        let now = Arc::new(AtomicI64::new(NOON));
        let shown = now.clone();
        let clock = Clock::from_fn(move || Timestamp::from_unix(shown.load(Ordering::SeqCst)).unwrap());
        let nobody = api.anyone().at(auth::router(&api.stack.env(), clock).unwrap());
        let sent = nobody.post("/auth/send-otp", json!({ "mobile": nobody.mobile })).await.body();
        let code = json!({ "challenge_id": sent["challenge_id"], "otp": sent["otp"] });
        let signed_in = nobody.post("/auth/verify-otp", code).await.body();
        let first = signed_in["refresh_token"].as_str().unwrap().to_owned();
        Self { nobody, now, chain: Chain::default(), texts: BTreeMap::from([(0, first)]) }
    }

    fn now(&self) -> i64 {
        self.now.load(Ordering::SeqCst)
    }

    /// Presents a token and compares the answer with the model's.
    async fn present(&mut self, token: usize) -> Option<usize> {
        let now = self.now();
        let expected = self.chain.present(token, now);
        let answer = self.nobody.post("/auth/refresh", json!({ "refresh_token": self.texts[&token] })).await;
        let given = answer.body()["refresh_token"].as_str().map(str::to_owned);
        assert_eq!(answer.status(), if expected.is_some() { 200 } else { 401 }, "{:?}", self.chain);
        if let (Some(number), Some(text)) = (expected, given) {
            let known = self.texts.entry(number).or_insert_with(|| text.clone());
            assert_eq!(*known, text, "the successor {number} is one token");
            let others = self.texts.iter().filter(|(other, _)| **other != number);
            assert!(others.into_iter().all(|(_, other)| *other != text), "{number} is a token of its own");
        }
        expected
    }
}

/// What happened, in words that a failure shows.
type Log = Vec<String>;

/// Runs a seed: an owner, and from some moment on a thief with a copy of the token that the owner has then.
async fn run(api: &TestApi, seed: u64, with_thief: bool, apart: bool) -> Log {
    let (mut random, mut world) = (Random::of(seed), World::start(api).await);
    let (mut owner, mut thief): (usize, Option<usize>) = (0, None);
    let (mut log, mut acts): (Log, Vec<Who>) = (Vec::new(), Vec::new());
    for _ in 0..24 {
        let pause = if apart || random.one_in(2) { random.within(30..40_000) } else { random.within(0..30) };
        world.now.fetch_add(i64::try_from(pause).unwrap(), Ordering::SeqCst);
        if with_thief && thief.is_none() && random.one_in(3) {
            thief = Some(owner);
            log.push(format!("stolen: {owner}"));
            continue;
        }
        let who = if thief.is_some() && random.one_in(2) { Who::Thief } else { Who::Owner };
        let (token, is_lost) = (if who == Who::Thief { thief.unwrap() } else { owner }, random.one_in(3));
        let given = world.present(token).await;
        log.push(format!("{who:?} after {pause}: {token} -> {given:?}{}", if is_lost { ", lost" } else { "" }));
        let Some(given) = given else {
            assert!(with_thief, "an owner who only loses answers stays signed in: {log:#?}");
            break;
        };
        if !is_lost {
            if who == Who::Thief {
                thief = Some(given);
            } else {
                owner = given;
            }
            if thief.is_some() && acts.last() != Some(&who) {
                acts.push(who);
            }
        }
        if apart {
            assert!(acts.len() < 3, "one acts, the other acts, and the first one goes on: {log:#?}");
        }
    }
    log
}

fn seeds(many: u64) -> Vec<u64> {
    #[expect(clippy::disallowed_methods, reason = "the seed of a failure is given by the environment")]
    let one = std::env::var("PROOF_SEED").ok().and_then(|seed| seed.parse().ok());
    one.map_or_else(|| (0..many).collect(), |seed| vec![seed])
}

async fn api() -> TestApi {
    let stack = Stack::start().await;
    let lifted =
        ["OTP_PER_IP_HOUR", "OTP_PER_PREFIX_HOUR"].into_iter().fold(stack, |stack, name| stack.with(name, "0"));
    TestApi::on(lifted.with("REFRESH_TOKEN_DAYS", "300").with("OTP_DAILY_CAP", "100000"), auth::router)
}

#[tokio::test]
async fn an_owner_who_only_loses_answers_stays_signed_in() {
    let api = api().await;
    for seed in seeds(40) {
        assert_eq!(run(&api, seed, false, false).await.len(), 24, "seed {seed}");
    }
}

#[tokio::test]
async fn a_thief_is_noticed_as_soon_as_both_have_acted() {
    let api = api().await;
    let mut ended = 0;
    for seed in seeds(60) {
        ended += usize::from(run(&api, seed, true, true).await.last().unwrap().contains("None"));
    }
    assert!(ended * 10 > seeds(60).len() * 8, "in {ended} runs the family ended");
}

#[tokio::test]
async fn whatever_the_pauses_the_service_does_what_the_model_says() {
    let api = api().await;
    for seed in seeds(60) {
        run(&api, seed, true, false).await;
    }
}
