//! Logs as JSON lines on standard output, where CloudWatch reads them, and metrics in the same stream.
//!
//! - `lines`: how a line is written. - [`metrics`]: what is counted and measured. - [`replies`]: how replies end.
//! - `origin`: the request that some work belongs to.

mod lines;
pub mod metrics;
mod origin;
pub mod replies;

use tracing::Subscriber;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::Env;
use crate::domain::{UserId, words};
use lines::Lines;

pub use metrics::{Metric, Unit, answered, count, count_by, measure, measure_all};
pub use origin::{Origin, within};

/// The target of security events, which are logged at every `LOG_LEVEL`.
const SECURITY: &str = "security";
/// The target of metrics, which are written at every `LOG_LEVEL`.
const METRIC: &str = "metric";
/// The spans that tell which request a line belongs to. They are kept at every `LOG_LEVEL`.
const SPANS: [&str; 3] = ["request", "invocation", "record"];

/// Starts logging at `LOG_LEVEL` (`INFO` if not set or not a level). A second call changes nothing.
pub fn start(env: &Env) {
    let _ = subscriber(env, std::io::stdout).try_init();
}

/// What writes the lines of a process to `writer`. Each has the `RELEASE`, if it is set; metrics also have `STAGE` and
/// `STACK`.
pub fn subscriber<W>(env: &Env, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let level = env.parsed("LOG_LEVEL", LevelFilter::INFO).unwrap_or(LevelFilter::INFO);
    let lines = tracing_subscriber::fmt::layer().event_format(Lines::from_env(env)).fmt_fields(JsonFields::new());
    let is_kept = move |name: &str, target: &str, is_span| {
        matches!(target, SECURITY | METRIC) || is_span && SPANS.contains(&name)
    };
    let kept = filter_fn(move |of| level >= *of.level() || is_kept(of.name(), of.target(), of.is_span()))
        .with_max_level_hint(LevelFilter::INFO.max(level));
    tracing_subscriber::registry().with(lines.with_writer(writer).with_filter(kept))
}

words!(
    /// Something that a security team wants to know.
    SecurityEvent {
        /// Somebody signed in by a code or a password.
        SignIn = "sign_in",
        /// A code or a password was wrong.
        SignInFailed = "sign_in_failed",
        /// A try was refused, since the account is paused after too many of them.
        Locked = "locked",
        /// A password was set.
        PasswordChanged = "password_changed",
        /// A user ended sessions.
        SessionsEnded = "sessions_ended",
        /// An account was deleted.
        AccountDeleted = "account_deleted",
        /// An account has another number.
        MobileChanged = "mobile_changed",
        /// A refresh token was used again, so its session was ended.
        RefreshReused = "refresh_reused",
    }
);

/// Logs a security event: one line whose `event` is `security`, with the user's id if there is an account, and never with
/// a number.
pub fn security(event: SecurityEvent, user: Option<UserId>) {
    let (kind, user) = (event.as_str(), user.map(tracing::field::display));
    tracing::info!(target: SECURITY, event = "security", kind, user, "security event");
}
