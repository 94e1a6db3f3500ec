//! The log of received calls, and how each of them ended.

use std::sync::{Arc, Mutex};

use serde::Serialize;
use serde_json::Value;

use crate::admin::lock;
use crate::clock;

/// One received request.
#[derive(Clone, Serialize)]
pub(crate) struct Call {
    /// When it arrived, RFC 3339.
    pub(crate) at: String,
    /// The model in the path, without `models/`.
    pub(crate) model: String,
    /// `generateContent`, `streamGenerateContent` or `countTokens`.
    pub(crate) method: String,
    /// The request's body; null if it is not JSON.
    pub(crate) body: Value,
    /// The status that was returned; null until then.
    pub(crate) status: Option<u16>,
    /// How it ended: `complete`, `client_gone` or `cut` (by a fault); null while it runs.
    pub(crate) ended: Option<&'static str>,
}

/// All calls since the start or the last reset, oldest first.
#[derive(Clone, Default)]
pub(crate) struct Calls(Arc<Mutex<Log>>);

#[derive(Default)]
struct Log {
    epoch: u64,
    calls: Vec<Call>,
}

impl Calls {
    /// Logs a call; the returned guard reports its end.
    pub(crate) fn begin(&self, model: &str, method: &str, body: Value) -> CallGuard {
        let mut log = lock(&self.0);
        log.calls.push(Call {
            at: clock::rfc3339_now(),
            model: model.to_owned(),
            method: method.to_owned(),
            body,
            status: None,
            ended: None,
        });
        CallGuard { calls: self.clone(), epoch: log.epoch, index: log.calls.len() - 1, ended: false }
    }

    /// A copy of the log.
    pub(crate) fn all(&self) -> Vec<Call> {
        lock(&self.0).calls.clone()
    }

    /// Clears the log. Calls that still run are no longer logged.
    pub(crate) fn clear(&self) {
        let mut log = lock(&self.0);
        log.epoch += 1;
        log.calls.clear();
    }
}

/// Belongs to one running call. If it is dropped before `end` was called, the client disconnected: the
/// server drops a handler and its body as soon as the connection closes.
pub(crate) struct CallGuard {
    calls: Calls,
    epoch: u64,
    index: usize,
    ended: bool,
}

impl CallGuard {
    /// Notes that the status line is being sent.
    pub(crate) fn answered(&self, status: u16) {
        self.change(|call| call.status = Some(status));
    }

    /// Notes how the call ended; only the first end counts.
    pub(crate) fn end(&mut self, how: &'static str) {
        if !self.ended {
            self.ended = true;
            self.change(|call| call.ended = Some(how));
        }
    }

    fn change(&self, change: impl FnOnce(&mut Call)) {
        let mut log = lock(&self.calls.0);
        if log.epoch == self.epoch
            && let Some(call) = log.calls.get_mut(self.index)
        {
            change(call);
        }
    }
}

impl Drop for CallGuard {
    fn drop(&mut self) {
        self.end("client_gone");
    }
}
