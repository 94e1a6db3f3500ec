//! Scripts: what Redis must do in one step.

use std::sync::LazyLock;

use redis::{Cmd, FromRedisValue, Script, ScriptInvocation};

use super::Cache;
use super::connection::Question;
use crate::Fault;

/// Opens a challenge if every limit allows it.
///
/// KEYS: challenge, pointer to the mobile's open challenge, mobile's log, ip's log, prefix' log, day's counter.
/// ARGV: now (ms), id, ttl (s), mobile, purpose, kid, signup or '', prefix of challenge keys,
/// cooldown (s), per hour, per day, per ip, per prefix, per stack and day.
/// Returns {'', wait until the next code (s)} or {limit, retry after (s)}.
pub(super) static OPEN: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("open.lua")));

/// Undoes what OPEN did for a challenge, but does not restore the earlier challenge.
///
/// KEYS: as OPEN. ARGV: id.
pub(super) static WITHDRAW: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("withdraw.lua")));

/// Counts a try at a challenge, then returns whether the code was right. A right code ends the challenge.
///
/// KEYS: challenge. ARGV: now (ms), allowed tries, failures that pause an account, length of the pause (s), prefix of
/// the failure counters, prefix of the pointers to open challenges, then pairs of a key's name and '1' or '0': whether
/// the code is right under that key.
/// Returns {'right', mobile, purpose, signup or ''}, {'wrong'} or {'expired'}.
pub(super) static TRY: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("try.lua")));

/// A sliding log: counts an event unless `most` of them lie within the window.
///
/// KEYS: log. ARGV: now (ms), window (s), most, member. Returns 0, or the seconds until the next event is allowed.
pub(super) static SLIDE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("slide.lua")));

impl Cache {
    /// Runs a script. Like [`Cache::run`] it may run twice.
    pub(super) async fn script<T: FromRedisValue>(&self, invocation: &ScriptInvocation<'_>) -> Result<T, Fault> {
        Ok(self.connection.ask(Question::Script(invocation)).await?)
    }

    pub(super) async fn delete(&self, key: String) -> Result<bool, Fault> {
        Ok(self.run::<i64>(Cmd::del(key)).await? > 0)
    }
}
