//! Every free function of `shared::db` runs on the migrated schema, and most of them read a row: a column that is renamed
//! or changes its type is noticed here, before a request meets it.

#![cfg(test)]

#[path = "statements/plans.rs"]
mod plans;
#[path = "statements/recorded.rs"]
mod recorded;
#[path = "statements/rules.rs"]
mod rules;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use shared::auth::RefreshToken;
use shared::db::chatrooms::Create;
use shared::db::customers::{self, By, Checkout, ProUntil, Subscription};
use shared::db::messages::{self, Accept, NewMessage, Turns};
use shared::db::refresh_tokens::{self, Presented, Rotation};
use shared::db::replies::{self, Cancel, Claim, NewReply, Outcome, Regenerate};
use shared::db::runtime_role::{Admitted, Change, RuntimeRole};
use shared::db::sessions::{self, NewSession};
use shared::db::users::{self, NewPassword, Profile};
use shared::db::{Db, allowances, attempts, chatrooms, past_usage, stats, stripe_events};
use shared::domain::{
    Bounds, FreeCancels, Limits, Mobile, PaymentProblem, ReplyError, SessionId, SubscriptionState, ThoughtSignature,
    Tier, Timestamp, Title, UserId,
};
use testkit::Stack;

const LIMITS: Limits = Limits { basic: 5, pro: 10 };
const BOUNDS: Bounds = Bounds { unfinished_basic: 5, unfinished_pro: 5, rooms: 5 };
const FREE: FreeCancels = FreeCancels(5);
const LEASE: Duration = Duration::from_secs(45);
const DAY: Duration = Duration::from_hours(24);

/// Functions that were run, as `module::name`.
#[derive(Default)]
struct Run(BTreeSet<String>);

/// Runs a function of `shared::db` and notes that it ran.
macro_rules! run {
    ($run:expr, $module:ident::$name:ident($($argument:expr),* $(,)?)) => {{
        let name = concat!(stringify!($module), "::", stringify!($name));
        $run.0.insert(name.to_owned());
        $module::$name($($argument),*).await.unwrap_or_else(|fault| panic!("{name}: {fault}"))
    }};
}

#[tokio::test]
async fn every_function_fits_the_schema() {
    let stack = Stack::start().await;
    run_everything(&stack.db(), stack.clock.now()).await;
}

#[tokio::test]
async fn every_function_declares_the_types_of_its_parameters_as_the_schema_has_them() {
    let stack = Stack::start().await;
    let url = format!("{}?pgbouncer=true", stack.setting("DATABASE_URL"));
    let stack = stack.with("DATABASE_URL", url);
    run_everything(&stack.db(), stack.clock.now()).await;
}

#[tokio::test]
async fn the_role_of_the_functions_may_run_every_function() {
    let stack = Stack::start().await;
    let owner = stack.setting("DATABASE_URL").to_owned();
    let role = format!("role_{}", stack.setting("REDIS_PREFIX").trim_end_matches(':'));
    let url = format!("postgres://{role}:secret@{}", owner.split_once('@').unwrap().1);
    let stack = stack.with("MIGRATION_DATABASE_URL", owner).with("DATABASE_URL", url);
    let migrations = Db::for_migrations(&stack.env()).unwrap();
    let owner = migrations.dedicated().await.unwrap();
    let runtime = RuntimeRole::from_env(&stack.env()).unwrap().unwrap();
    let admitted = runtime.admit(&owner, runtime.sign_in().await).await.unwrap();
    assert_eq!(admitted, Admitted { change: Change::Created, may_change_schema: false, lacks: None });
    run_everything(&stack.db(), stack.clock.now()).await;
}

async fn run_everything(db: &Db, now: Timestamp) {
    let mut run = Run::default();
    let user = accounts(&mut run, db, now).await;
    conversation(&mut run, db, user, now).await;
    subscription(&mut run, db, user, now).await;
    expiry(&mut run, db, now).await;
    let deleted = run!(run, users::delete(db, user, FREE, |_| vec![vec![1; 32]], now)).expect("an account");
    assert!(!deleted.sessions.is_empty());
    let not_run: Vec<_> = declared().difference(&run.0).cloned().collect();
    assert!(not_run.is_empty(), "add them here: {not_run:?}");
}

async fn accounts(run: &mut Run, db: &Db, now: Timestamp) -> UserId {
    let (mobile, token) = (Mobile::parse("+14155550123").unwrap(), RefreshToken::generate().unwrap());
    let hash = token.hash();
    let session =
        NewSession { id: SessionId::generate(), refresh_hash: &hash, user_agent: Some("tests"), expires_at: now + DAY };
    let user = run!(run, users::sign_in(db, &mobile, &Profile::default(), &session, &[vec![1; 32]], now)).id;
    assert_eq!(run!(run, users::find(db, user, now)).unwrap().tier, Tier::Basic);
    let changes = users::Changes { name: Some(None), email: None };
    assert_eq!(run!(run, users::update(db, user, changes, now)).unwrap().mobile, mobile);
    assert_eq!(run!(run, users::credentials_of_mobile(db, &mobile)).unwrap().id, user);
    let version = run!(run, users::credentials_of(db, user)).unwrap().password_version;
    let password = NewPassword { user, version, hash: "$argon2id$", keep: Some(session.id) };
    assert_eq!(run!(run, users::set_password(db, &password, now)).unwrap().mobile, mobile);

    let other = Mobile::parse("+14155550124").unwrap();
    let moved = run!(run, users::change_mobile(db, user, &other, session.id, |_| vec![vec![2; 32]], now));
    assert!(matches!(moved, users::MobileChange::Changed(moved) if moved.old == mobile));

    assert!(run!(run, sessions::is_live(db, session.id, user, now)));
    assert_eq!(run!(run, sessions::list(db, user, now)).len(), 1);
    let (next, expires_at) = (RefreshToken::generate().unwrap(), now + DAY);
    let presented = Presented { hash: &token.hash(), successor: &next.hash(), expires_at, most_days: Some(30) };
    let renewed = run!(run, refresh_tokens::rotate(db, &presented, now));
    assert!(matches!(renewed, Rotation::Renewed(renewed) if renewed.user_id == user && renewed.head == next.hash()));
    let next = NewSession { id: SessionId::generate(), refresh_hash: &[1; 32], user_agent: None, expires_at };
    assert!(run!(run, sessions::open(db, user, version + 2, &next, now)));
    assert!(run!(run, sessions::revoke(db, user, next.id, now)));
    assert_eq!(run!(run, sessions::revoke_all(db, user, now)).unwrap().sessions, [session.id]);
    user
}

async fn conversation(run: &mut Run, db: &Db, user: UserId, now: Timestamp) {
    let made = run!(run, chatrooms::create(db, user, &Title::default(), None, BOUNDS, now));
    let Create::Made(chatrooms::Chatroom { id: room, .. }) = made else { panic!("not made") };
    let changes = chatrooms::Changes { title: None, system_prompt: Some(None) };
    assert_eq!(run!(run, chatrooms::update(db, user, room, changes, now)).unwrap().id, room);
    assert_eq!(run!(run, chatrooms::find(db, user, room)).unwrap().id, room);
    for after in [None, Some((now + DAY, room))] {
        assert_eq!(run!(run, chatrooms::list(db, user, after, 1)).items.len(), 1);
    }

    let content = "hi".to_owned().try_into().unwrap();
    let new = NewMessage { user, room, content: &content, key: Some("key"), limits: LIMITS, bounds: BOUNDS, now };
    let Accept::Stored(first) = run!(run, messages::accept(db, &new)) else { panic!("not stored") };
    let Accept::Repeated(_) = run!(run, messages::accept(db, &new)) else { panic!("not repeated") };
    assert!(run!(run, messages::earlier(db, &new)).is_some());
    let later = now + DAY;
    assert_eq!(run!(run, replies::strays(db, later, later, 10))[0].id, first.reply.id);
    run!(run, replies::nudged(db, &[first.reply.id], now));
    let Claim::Claimed(attempt) = run!(run, replies::claim(db, room, LEASE, now)) else { panic!("not claimed") };
    assert!(run!(run, replies::renew(db, attempt.reply, attempt.number, now + LEASE)));
    let failed = Outcome::failed(ReplyError::ModelStopped);
    assert!(run!(run, replies::postpone(db, attempt.reply, attempt.number, &failed, now, now)));
    let signature = ThoughtSignature { model: "gemini".into(), sealed: "c2VhbA==".into(), from: 0, to: 0 };
    let signed = Outcome { signature: Some(signature), ..failed.clone() };
    assert!(run!(run, replies::finish(db, attempt.reply, attempt.number, &signed, now)));

    let again = NewReply { user, room, message: first.message.id, limits: LIMITS, bounds: BOUNDS, now };
    let Regenerate::Stored(second) = run!(run, replies::regenerate(db, &again)) else { panic!("not stored") };
    assert_eq!(run!(run, replies::latest(db, user, room, first.message.id)).unwrap().id, second.reply.id);
    let cancelled = run!(run, replies::cancel(db, user, room, second.reply.id, "Tea", FREE, now));
    let Cancel::Cancelled(refunded, _) = cancelled else { panic!("not cancelled") };
    assert_eq!(refunded.content, "", "it was refunded");
    assert!(run!(run, replies::progress(db, user, room, second.reply.id)).is_some());
    assert!(!run!(run, replies::keep_partial(db, second.reply.id, 0, &failed)), "it was refunded");
    assert!(run!(run, replies::bury(db, second.reply.id, now)).is_none());
    let found = run!(run, messages::find(db, user, room, first.reply.id)).unwrap();
    assert_eq!(found.error, Some(ReplyError::ModelStopped));
    for turns in [Turns::Newest, Turns::Before(9), Turns::After(0)] {
        assert_eq!(run!(run, messages::list(db, user, room, turns, 10)).unwrap().items.len(), 3);
    }
    assert_eq!(run!(run, stats::replies(db, now)).len(), 2);
    run!(run, messages::clear(db, user, Some(room)));
    assert_eq!(run!(run, chatrooms::delete(db, user, room, FREE)), Some(vec![]));
}

async fn subscription(run: &mut Run, db: &Db, user: UserId, now: Timestamp) {
    run!(run, customers::make(db, user, now));
    let mut held = run!(run, customers::hold(db, By::User(user))).unwrap();
    held.adopt("cus_1".into()).await.unwrap();
    let checkout = Checkout { session: "cs_1".into(), url: "https://example.com".into(), expires_at: now };
    held.set_checkout(Some(checkout)).await.unwrap();
    let paused = Subscription {
        state: SubscriptionState::Paused,
        payment_problem: Some(PaymentProblem::Paused),
        ..Subscription::NONE
    };
    held.store(paused.clone(), ProUntil::Moment(now + DAY), now).await.unwrap();
    let id = held.release().await.unwrap().id;
    for by in [By::Id(id), By::Stripe("cus_1")] {
        let held = run!(run, customers::hold(db, by)).unwrap();
        assert!(held.customer.checkout.is_some());
        assert_eq!(held.customer.subscription, paused);
    }
    let status = run!(run, customers::status(db, user, now)).unwrap();
    assert_eq!((status.tier, status.subscription), (Tier::Pro, paused));
    assert_eq!(run!(run, customers::take_unchecked(db, now, 10, now)), [id]);
    let mut held = run!(run, customers::hold(db, By::User(user))).unwrap();
    held.erase().await.unwrap();
    held.forget().await.unwrap();
    held.close().await.unwrap();
    held.release().await.unwrap();

    assert!(!run!(run, stripe_events::receive(db, "evt_1", "invoice.paid", Some("cus_1"), Some("invoices/in_1"), now)));
    assert_eq!(run!(run, stripe_events::unprocessed(db, &["evt_1"])), ["evt_1"]);
    assert_eq!(run!(run, stripe_events::unfinished(db, now + DAY, 10))[0].id, "evt_1");
    run!(run, stripe_events::processed(db, "evt_1", now));
    run!(run, stripe_events::reopen(db, "evt_1"));
    let mut held = run!(run, customers::hold(db, By::User(user))).unwrap();
    assert!(held.processed("evt_1", now).await.unwrap() && !held.processed("evt_1", now).await.unwrap());
    assert!(held.first("RefundFailed:re_1", "refund.failed", now).await.unwrap());
    held.release().await.unwrap();
    assert!(run!(run, stripe_events::first(db, "Dispute:du_1", "charge.dispute.created", now)));
    assert!(!run!(run, stripe_events::first(db, "Dispute:du_1", "charge.dispute.created", now)));
    run!(run, stripe_events::set_listed_until(db, now));
    assert_eq!(run!(run, stripe_events::listed_until(db)), Some(now));
}

async fn expiry(run: &mut Run, db: &Db, now: Timestamp) {
    let before = now - DAY;
    run!(run, sessions::delete_ended(db, before, 10));
    assert_eq!(run!(run, refresh_tokens::delete_ended(db, before, 10)), 0);
    assert_eq!(run!(run, refresh_tokens::delete_replaced(db, before, 10)), 0);
    run!(run, messages::forget_keys(db, before, 10));
    run!(run, stripe_events::delete_received(db, before, 10));
    run!(run, allowances::delete_before(db, before.day(), 10));
    run!(run, attempts::delete_before(db, before, 10));
    run!(run, customers::delete_erased(db, before, 10));
    run!(run, past_usage::delete_before(db, before.day(), 10));
    assert!(!run!(run, attempts::only_fail(db, before)));
}

/// The functions that the files of `shared::db` declare.
fn declared() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/db");
    let mut functions = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let files: Vec<PathBuf> = match fs::read_dir(&path) {
            Ok(files) => files.map(|file| file.unwrap().path()).collect(),
            Err(_) => vec![path],
        };
        for file in files {
            let source = fs::read_to_string(file).unwrap();
            let names = source.lines().filter_map(|line| line.strip_prefix("pub async fn ")?.split('(').next());
            functions.extend(names.map(|name| format!("{module}::{name}")));
        }
    }
    functions
}
