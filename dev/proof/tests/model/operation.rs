//! The operations, and their visible results.

use std::time::Duration;

use serde_json::Value;
use shared::domain::{ChatroomId, MessageId, ReplyState, SessionId, Timestamp, UserId};

/// An attempt that a worker holds or held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) reply: MessageId,
    pub(crate) number: i32,
}

#[derive(Debug, Clone)]
pub(crate) enum Operation {
    Create {
        title: String,
    },
    Rename {
        room: ChatroomId,
        title: String,
    },
    Delete {
        room: ChatroomId,
    },
    Send {
        room: ChatroomId,
        text: String,
        key: Option<String>,
    },
    Regenerate {
        room: ChatroomId,
        message: MessageId,
    },
    Cancel {
        room: ChatroomId,
        /// A reply, or the message it answers.
        named: MessageId,
    },
    Claim {
        room: ChatroomId,
        lease: Duration,
    },
    Finish {
        held: Held,
        state: ReplyState,
        text: String,
        /// Whether the model answered.
        is_answered: bool,
    },
    Postpone {
        held: Held,
        until: Timestamp,
        is_answered: bool,
    },
    KeepPartial {
        held: Held,
        text: String,
    },
    Bury {
        reply: MessageId,
    },
    Sweep {
        due: Timestamp,
        nudged: Timestamp,
    },
    List,
    Read {
        room: ChatroomId,
    },
    Step {
        to: Timestamp,
    },
    Tier {
        pro_until: Option<Timestamp>,
    },
    /// Deletes the account.
    Leave,
    /// Signs in, which makes the account if there is none.
    Join,
    /// Sets how many of today's messages are spent.
    Spend {
        used: i32,
    },
}

impl Operation {
    /// Time, plans and operations over several rows are not part of races: they do not happen at one moment.
    pub(crate) fn is_spread(&self) -> bool {
        matches!(self, Self::Step { .. } | Self::Tier { .. } | Self::Sweep { .. } | Self::Read { .. })
    }
}

#[derive(Debug, PartialEq)]
pub(crate) enum Claimed {
    Taken(Held, Vec<(MessageId, String)>),
    Wait(Timestamp),
    Exhausted(MessageId, i32),
    Idle,
}

#[derive(Debug)]
pub(crate) enum Seen {
    Answer(Answer),
    Claim(Claimed),
    Done(bool),
    Strays(Vec<MessageId>),
    /// The account, its new session, and the messages that it used today.
    Joined(UserId, SessionId, i32),
    Nothing,
}

/// A response of the API.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn text(&self, pointer: &str) -> String {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    pub(crate) fn code(&self) -> (u16, String) {
        (self.status, self.text("/code"))
    }

    fn id<T: std::str::FromStr>(&self, pointer: &str) -> Result<T, String> {
        self.text(pointer).parse().map_err(|_| format!("no {pointer} in {} {}", self.status, self.body))
    }

    pub(crate) fn room(&self) -> Result<ChatroomId, String> {
        self.id("/id")
    }

    /// The ids of the message and its reply.
    pub(crate) fn ids(&self) -> Result<(MessageId, MessageId), String> {
        Ok((self.id("/message/id")?, self.id("/reply/id")?))
    }

    /// The limit and the used messages.
    pub(crate) fn allowance(&self) -> (i32, i32) {
        let read =
            |pointer| self.body.pointer(pointer).and_then(Value::as_i64).and_then(|n| n.try_into().ok()).unwrap_or(-1);
        (read("/allowance/limit"), read("/allowance/used"))
    }

    fn list<T>(&self, pointer: &str, read: impl Fn(&Value) -> T) -> Vec<T> {
        self.body.pointer(pointer).and_then(Value::as_array).into_iter().flatten().map(read).collect()
    }

    pub(crate) fn listed(&self) -> Vec<(String, String)> {
        self.list("/data", |room| (text(&room["id"]), text(&room["title"])))
    }

    pub(crate) fn turns(&self) -> Vec<(String, String, String)> {
        self.list("/messages/data", |turn| (text(&turn["id"]), text(&turn["state"]), text(&turn["content"])))
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
