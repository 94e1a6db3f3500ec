//! A function as the program that is deployed: a process that asks a Runtime API for events. It must answer them all.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use shared::domain::Clock;
use standins::stripe::{self, Config, Stripe};

use crate::mutations::Mutations;
use crate::{Build, Outcome, RuntimeApi, Stack, TestApi, WEBHOOK_SECRET};

/// How long events are sent if `FUZZ_SECONDS` is not set.
const SECONDS: u64 = 1;
/// If a program takes longer for an answer, it has failed.
const PATIENCE: Duration = Duration::from_secs(60);
/// Users whose tokens are in the events: one of them may end a session, or be limited.
const USERS: usize = 12;

/// A running program. It ends when dropped.
#[derive(Debug)]
pub struct Program {
    /// Gives it events.
    pub api: RuntimeApi,
    process: Child,
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Program {
    /// Starts a function with the settings of `stack`.
    pub async fn start(path: impl AsRef<Path>, stack: &Stack) -> Self {
        let api = RuntimeApi::start().await;
        let mut command = Command::new(path.as_ref());
        command.env_clear().envs(stack.settings()).env("AWS_LAMBDA_RUNTIME_API", api.address());
        for (name, value) in [("NAME", "test"), ("MEMORY_SIZE", "256"), ("VERSION", "$LATEST")] {
            command.env(format!("AWS_LAMBDA_FUNCTION_{name}"), value);
        }
        // Its log says nothing that an answer does not say; what a panic says is shown.
        let process = command.stdout(Stdio::null()).spawn().expect("a program that runs");
        Self { api, process }
    }

    async fn invoke(&mut self, event: &Value) -> Outcome {
        let answered = tokio::time::timeout(PATIENCE, self.api.invoke(event.to_string())).await;
        let state = self.process.try_wait().expect("a process");
        assert!(state.is_none(), "the program has ended with {state:?} because of {event}");
        answered.unwrap_or_else(|_| panic!("no answer to {event}")).1
    }
}

/// Sends events that are changed in odd ways to the program of a function. Each gets an answer of ours, none of them a
/// fault, and the program goes on.
///
/// `FUZZ_SECONDS` says for how long, `FUZZ_SEED` begins another sequence, and `FUZZ_PROGRAMS` names a folder whose
/// `{name}/bootstrap` is run instead of `program`: `target/lambda`, say.
pub async fn answers_every_event(name: &str, program: &str, build: Build) {
    let (price_id, addr) = ("price_pro".to_owned(), ([127, 0, 0, 1], 0).into());
    let config = Config { addr, webhook_url: None, webhook_secrets: Vec::new(), price_id };
    let stripe = Stripe::start(config).expect("a free port");
    let stack = Stack::start().await.with_stripe(stripe.url()).with("LOG_LEVEL", "ERROR");
    stack.clock.set(Clock::system().now());
    let api = TestApi::on(stack, build);
    let mut tokens = Vec::new();
    for _ in 0..USERS {
        tokens.push(api.signed_in().await.token().to_owned());
    }
    let path = variable("FUZZ_PROGRAMS").map(|folder| PathBuf::from(folder).join(name).join("bootstrap"));
    let mut running = Program::start(path.unwrap_or_else(|| program.into()), &api.stack).await;
    let number = |name| variable(name).map(|text| text.parse().expect("a number"));
    let mut mutations = Mutations::of(name, tokens, number("FUZZ_SEED").unwrap_or(1));
    let until = Instant::now() + Duration::from_secs(number("FUZZ_SECONDS").unwrap_or(SECONDS));
    let mut counts = [0_usize; 6];
    while Instant::now() < until {
        let mut event = mutations.event();
        if counts.iter().sum::<usize>().is_multiple_of(2) {
            sign(&mut event);
        }
        let answer = running.invoke(&event).await;
        let status = assert_ours(&event, &answer);
        counts[usize::from(status / 100)] += 1;
        mutations.learn(&answer.unwrap_or_default());
    }
    println!("{name}: {counts:?} answers by the hundreds of their status");
    assert!(counts.iter().sum::<usize>() > 10, "too little was tried: {counts:?}");
}

/// Signs the body as Stripe does. Events of other functions have a header more then.
fn sign(event: &mut Value) {
    let body = event["body"].as_str().filter(|_| event["isBase64Encoded"] != true).unwrap_or_default();
    let signature = stripe::sign(body.as_bytes(), WEBHOOK_SECRET, Clock::system().now().unix());
    if let Some(headers) = event.get_mut("headers").and_then(Value::as_object_mut) {
        headers.insert("stripe-signature".to_owned(), signature.into());
    }
}

/// Asserts that this is an answer of ours, and returns its status.
fn assert_ours(event: &Value, answer: &Outcome) -> u16 {
    let Ok(answer) = answer else { panic!("{answer:?} to {event}") };
    let status = answer["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
    let status = status.unwrap_or_else(|| panic!("{answer} to {event}"));
    // A partner that is not there is no fault of the event.
    assert!((200..500).contains(&status) || status == 503, "{answer} to {event}");
    if status >= 400 {
        let kind = &answer["headers"]["content-type"];
        assert_eq!(kind, "application/problem+json", "{answer} to {event}");
        let text = answer["body"].as_str().unwrap_or_default();
        let is_plain = answer["isBase64Encoded"] != true && !text.is_empty();
        let problem: Value = if is_plain { text.parse().expect("JSON") } else { Value::Null };
        let is_problem = problem["status"] == status && problem["code"].is_string();
        assert!(is_problem || !is_plain, "{answer} to {event}");
    }
    status
}

#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says what they try")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
