//! Scripts: what Redis must do in one step.
//!
//! A server in cluster mode runs a script only if all its keys are declared and lie in one slot. So the keys of codes
//! share a hash tag ([`super::code_keys`]), and what is kept by mobile is a field of a hash: the script learns the mobile
//! from the challenge. Such a hash is of a period, and its fields expire with it; a script reads the hashes of this
//! period and of the one before. A call that is repeated after a lost answer knows itself by an id.

use std::sync::LazyLock;

use redis::{Cmd, FromRedisValue, Pipeline, Script, ScriptInvocation};

use super::Cache;
use super::connection::{Form, Question};
use crate::Fault;

/// Opens a challenge if every limit allows it.
///
/// KEYS: challenge, pointers to open challenges of this period and of the one before, mark of ended device tokens, and
/// three logs: the mobile's, the asker's at the mobile, the address'. A holder of a device token has one log for all.
/// ARGV: now (ms), id, ttl (s), mobile, purpose, kid, signup or '', asker, when the device token was issued (ms) or '',
/// country, owners, cooldown (s), per mobile and hour, per mobile and day, per asker and hour, per asker and day, per
/// address and hour, open codes of strangers.
/// Returns {'', wait until the next code (s)}, {limit, retry after (s)} or {'ended', 0}.
pub(super) static OPEN: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("open.lua")));

/// Undoes what OPEN did for a challenge, but does not restore the earlier challenge.
///
/// KEYS: as OPEN. ARGV: id, purpose:mobile.
pub(super) static WITHDRAW: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("withdraw.lua")));

/// Reads a challenge, if its asker has not replaced it.
///
/// KEYS: challenge, pointers as OPEN. ARGV: id. Returns {mobile, purpose, kid, signup or '', expires (ms), asker} or {}.
pub(super) static FIND: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("find.lua")));

/// Counts a try at a challenge, then returns whether the code was right. A right code ends the challenge.
///
/// KEYS: challenge, pointers as OPEN, failures of this period and of the one before, mark of ended device tokens, counts
/// of this hour.
/// ARGV: now (ms), allowed tries, failures that lock a number's codes, length of the lock (s), id, id of the try, owner and time
/// of issue (ms) of the device token or '', then pairs of a key's name and '1' or '0': whether the code is right under
/// that key.
/// Returns {'right', mobile, purpose, signup or ''}, {'locked', until (ms), mobile}, {'wrong', mobile} or {'expired'}.
pub(super) static TRY: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("try.lua")));

/// Counts a code that is handed to SNS, unless a limit stops numbers without an account.
///
/// KEYS: challenge, the range's log, the bucket of numbers without an account, counts of this hour and of the one before.
/// ARGV: now (ms), id, '1' if the number is known, country, per range and hour, the bucket's rate (per hour) and size.
/// Returns {'', sent, used, sent in this hour to all countries} or {limit, 0, 0, 0}.
pub(super) static HAND_OVER: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("hand_over.lua")));

/// What requests ask for, without a request.
///
/// KEYS: a key of its own. ARGV: value, ttl (s). Returns the value.
pub(super) static CHECK: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("check.lua")));

/// Sliding logs: counts events in each of them, unless one would hold more than its `most` within its window.
///
/// KEYS: mark of ended device tokens, logs. ARGV: now (ms), member, when the device token was issued (ms) or '', then for
/// each log window (s), most, events.
/// Returns {0, 0}, {number of the log that refuses, seconds until it allows} or {-1, 0}: the device token was ended.
pub(super) static SLIDE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("slide.lua")));

/// Counts a wrong try, or forgets the wrong tries because of a right one, unless `most` wrong ones lie within the window.
///
/// KEYS: log. ARGV: now (ms), window (s), most, member, '1' if the try is right.
/// Returns {0 or the seconds until the next try is judged, wrong tries within the window}.
pub(super) static ATTEMPT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("attempt.lua")));

/// Reads the mark of a session, and takes a request from the buckets of its user and its address if both have one. The
/// buckets stay as they are if the session was revoked.
///
/// KEYS: session's mark, user's bucket, address' bucket. ARGV: now (ms), id, requests a minute of a user, of an address.
/// Returns {mark or '', '' or the limit that refuses it, retry after (s)}.
pub(super) static ADMIT: LazyLock<Piped> = LazyLock::new(|| Piped::new(include_str!("admit.lua")));

/// Takes or renews a place among a user's requests that wait, or among their streams. Then takes the oldest places away
/// until there are as many as allowed. A place that is new may be counted by a bucket.
///
/// KEYS: user's places, the bucket if there is one. ARGV: now (ms), place, most or 0 for no limit, how long a place is kept
/// (ms), new places a minute or 0 if it is none. Returns 1 if the place is kept, 0 if newer ones have it, and below 0 the
/// seconds (negative) until the bucket allows it.
pub(super) static WAIT: LazyLock<Piped> = LazyLock::new(|| Piped::new(include_str!("wait.lua")));

/// Adds an entry to a reply's stream, unless its id is not above the newest one's. A piece must follow the entry before
/// it. Without a kind it only tells whether more may be added to the entry of this id.
///
/// KEYS: the stream. ARGV: the id's two numbers, kind or '', text, how long the stream is kept (ms), the first number of
/// the end's id. Returns a word of [`super::live::Published`].
pub(super) static PUBLISH: LazyLock<Piped> = LazyLock::new(|| Piped::new(include_str!("publish.lua")));

/// A script that runs within a pipeline.
pub(super) struct Piped {
    text: &'static str,
    script: Script,
}

impl Piped {
    fn new(text: &'static str) -> Self {
        Self { text, script: Script::new(text) }
    }

    /// The command, to which the number of keys, the keys and the arguments are added.
    pub(super) fn command(&self, form: Form) -> Cmd {
        let (name, script) = match form {
            Form::Hash => ("EVALSHA", self.script.get_hash()),
            Form::Text => ("EVAL", self.text),
        };
        let mut command = redis::cmd(name);
        command.arg(script);
        command
    }
}

impl Cache {
    /// Runs a pipeline with scripts in it, in one round trip if the server knows them. Like [`Cache::run`] it may run
    /// twice.
    pub(super) async fn run_scripts<T: FromRedisValue>(
        &self,
        pipeline: impl Fn(Form) -> Pipeline + Sync,
    ) -> Result<T, Fault> {
        Ok(self.connection.ask(Question::Scripts(&pipeline)).await?)
    }

    /// Runs a script. Like [`Cache::run`] it may run twice.
    pub(super) async fn script<T: FromRedisValue>(&self, invocation: &ScriptInvocation<'_>) -> Result<T, Fault> {
        Ok(self.connection.ask(Question::Script(invocation)).await?)
    }

    pub(super) async fn delete(&self, key: String) -> Result<bool, Fault> {
        Ok(self.run::<i64>(Cmd::del(key)).await? > 0)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_script_touches_no_key_that_is_not_declared() {
        let sources = [
            include_str!("open.lua"),
            include_str!("withdraw.lua"),
            include_str!("find.lua"),
            include_str!("try.lua"),
            include_str!("slide.lua"),
            include_str!("attempt.lua"),
            include_str!("hand_over.lua"),
            include_str!("check.lua"),
            include_str!("admit.lua"),
            include_str!("wait.lua"),
            include_str!("publish.lua"),
        ];
        for call in sources.iter().flat_map(|source| source.split("redis.call(").skip(1)) {
            let key = call.split(", ").nth(1).unwrap();
            // `key` runs through a list of KEYS.
            assert!(key.starts_with("KEYS[") || key == "key" || key.starts_with("key)"), "{call:.60}");
        }
    }
}
