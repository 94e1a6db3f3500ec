//! The template gives each function exactly the settings that it reads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use shared::config::{ConfigError, Env};
use shared::domain::Clock;
use testkit::Stack;

use crate::template::{Function, Template};

/// The settings that Lambda itself sets, or the local stack in its place.
const OF_LAMBDA: [&str; 5] =
    ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"];
/// The settings that every function gets, even if it does not use them.
const OF_ALL: [&str; 6] = ["STAGE", "STACK", "RELEASE", "LOG_LEVEL", "DATABASE_URL", "TLS_CA_FILE"];

/// What every function gets and none reads: another text there makes CloudFormation read the secrets again.
const READ_BY_NOBODY: &str = "SECRET_VERSION";

/// How a function reads its settings.
pub(crate) type Build = fn(&Env, Clock) -> Result<(), ConfigError>;

pub(crate) const FUNCTIONS: [(&str, Build); 11] = [
    ("auth", |env, clock| auth::router(env, clock).map(drop)),
    ("chatroom", |env, clock| chatroom::router(env, clock).map(drop)),
    ("gemini-worker", |env, clock| gemini_worker::Worker::from_env(env, clock).map(drop)),
    ("maintenance", |env, clock| maintenance::Maintenance::from_env(env, clock).map(drop)),
    ("migrate", |env, _| migrate::Migrate::from_env(env).map(drop)),
    ("ops", |env, clock| ops::router(env, clock).map(drop)),
    ("otp-sender", |env, clock| otp_sender::OtpSender::from_env(env, clock).map(drop)),
    ("reply-stream", |env, clock| reply_stream::router(env, clock).map(drop)),
    ("stripe-webhook", |env, clock| stripe_webhook::router(env, clock).map(drop)),
    ("subscription", |env, clock| subscription::router(env, clock).map(drop)),
    ("user", |env, clock| user::router(env, clock).map(drop)),
];

/// The settings that the template gives a function; `chosen` ones replace defaults.
pub(crate) fn settings(
    template: &Template,
    function: &Function,
    stack: &Stack,
    chosen: &[(&str, &str)],
) -> BTreeMap<String, String> {
    let of_template = function.settings.iter().map(|(name, source)| {
        let value = template.default_of(source).unwrap_or_else(|| match stack.setting(name) {
            "" => "filled-in-by-whoever-deploys".to_owned(),
            value => value.to_owned(),
        });
        (name.clone(), value)
    });
    let of_lambda = OF_LAMBDA.iter().map(|name| ((*name).to_owned(), stack.setting(name).to_owned()));
    let chosen = chosen.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    of_template.chain(of_lambda).chain(chosen).collect()
}

/// Starts a function with only the settings of the template, where `chosen` ones replace defaults. Returns the names of
/// the settings that it read.
fn start(
    template: &Template,
    function: &Function,
    stack: &Stack,
    chosen: &[(&str, &str)],
    build: Build,
) -> BTreeSet<String> {
    let settings = settings(template, function, stack, chosen);
    let read: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let seen = read.clone();
    let env = Env::from_fn(move |name| {
        seen.lock().unwrap().insert(name.to_owned());
        settings.get(name).cloned()
    });
    shared::telemetry::start(&env);
    build(&env, stack.clock.clock()).unwrap_or_else(|error| panic!("{} does not start: {error}", function.name));
    read.lock().unwrap().clone()
}

#[tokio::test]
async fn every_function_starts_with_the_settings_of_the_template_and_reads_all_of_them() {
    let (template, stack) = (Template::read(), Stack::start().await);
    for (name, build) in FUNCTIONS {
        let function = template.function_of(name);
        let read = start(&template, &function, &stack, &[("LOG_LEVEL", "ERROR")], build);
        let is_of_all = |name: &str| OF_ALL.contains(&name) || name == READ_BY_NOBODY;
        let unread: Vec<_> =
            function.settings.keys().filter(|name| !read.contains(*name) && !is_of_all(name)).collect();
        assert!(unread.is_empty(), "{name} gets {unread:?} and does not read it");
    }
}

#[tokio::test]
async fn every_setting_that_is_read_can_be_set_by_a_deployment() {
    let (template, stack) = (Template::read(), Stack::start().await);
    let mut read = BTreeSet::new();
    let mut set: BTreeSet<String> = OF_LAMBDA.iter().map(ToString::to_string).collect();
    for (name, build) in FUNCTIONS {
        let function = template.function_of(name);
        for delivery in ["sns", "response"] {
            read.extend(start(
                &template,
                &function,
                &stack,
                &[("OTP_DELIVERY", delivery), ("OTP_DELIVERY_IN_RESPONSE", "codes-are-public"), ("LOG_LEVEL", "ERROR")],
                build,
            ));
        }
        set.extend(function.settings.into_keys());
    }
    assert!(set.remove(READ_BY_NOBODY));
    assert_eq!(read, set);
}

#[test]
fn every_function_is_checked() {
    let names: Vec<_> = FUNCTIONS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names, crate::functions::folders().into_iter().collect::<Vec<_>>());
}
