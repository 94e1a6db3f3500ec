//! What a number of users makes the parts do.

use std::fmt::{self, Display};

use crate::cells;
use crate::habits::Habits;

/// Seconds of a day.
const DAY: f64 = 86_400.0;
/// Bytes that a message and its reply take in Postgres, with their indexes, their attempt and their share of the day's
/// allowance: `dev/scale/day` prints it.
const TURN_BYTES: f64 = 2_223.0;
/// Processor time of Postgres for a message, its reply and their share of a visit, in seconds: `dev/scale/day` prints it.
pub(crate) const TURN_POSTGRES_SECONDS: f64 = 0.0014;
/// Round trips to Postgres of a visit (profile 1, room 2), a send, a reply and those who watch it.
const VISIT_POSTGRES: f64 = 3.0;
const SEND_POSTGRES: f64 = 1.0;
const REPLY_POSTGRES: f64 = 3.0;
const STREAM_POSTGRES: f64 = 2.0;
/// Seconds of a request that waits for nobody, the network to the stores included.
const REQUEST_SECONDS: f64 = 0.02;
/// Calls of a FIFO queue for a reply in a batch of its own: sent, received, deleted.
pub(crate) const QUEUE_CALLS: f64 = 3.0;

/// A day of a deployment.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Users who write on that day.
    pub users: f64,
    /// What each of them does.
    pub habits: Habits,
}

impl Load {
    /// The load of so many daily users.
    pub fn of(users: f64, habits: Habits) -> Self {
        Self { users, habits }
    }

    /// Messages a day.
    pub fn messages(self) -> f64 {
        self.users * self.habits.messages
    }

    /// Messages a second in the busiest second.
    pub fn sends(self) -> f64 {
        self.messages() / DAY * self.habits.peak
    }

    fn visits(self) -> f64 {
        self.users * self.habits.visits / DAY * self.habits.peak
    }

    /// Requests to the gateway in the busiest second: sends, and three a visit.
    pub fn requests(self) -> f64 {
        self.sends() + 3.0 * self.visits()
    }

    /// Replies that are made at once, and as many streams that follow them.
    pub fn replies(self) -> f64 {
        self.sends() * self.habits.reply_seconds
    }

    /// Environments at once, if no two replies share a batch.
    pub fn environments(self) -> f64 {
        self.requests() * REQUEST_SECONDS + 2.0 * self.replies()
    }

    /// Connections to Postgres without a pooler: one an environment that serves requests, and two a worker.
    pub fn connections(self) -> f64 {
        self.requests() * REQUEST_SECONDS + 2.0 * self.replies()
    }

    /// Transactions of Postgres in the busiest second.
    pub fn transactions(self) -> f64 {
        self.sends() * (SEND_POSTGRES + REPLY_POSTGRES + STREAM_POSTGRES) + self.visits() * VISIT_POSTGRES
    }

    /// Processors that Postgres keeps busy in the busiest second.
    pub fn postgres(self) -> f64 {
        self.sends() * TURN_POSTGRES_SECONDS
    }

    /// GB that Postgres' tables grow by in a year.
    pub fn gb_a_year(self) -> f64 {
        self.messages() * 365.0 * TURN_BYTES / 1e9
    }

    /// Calls of Redis in the busiest second: a piece is written once and read once.
    pub fn redis(self) -> f64 {
        self.replies() * 2.0 * self.habits.pieces + 6.0 * self.sends() + 3.0 * self.visits()
    }

    /// Calls of one reply queue in the busiest second.
    pub fn queue(self) -> f64 {
        self.sends() * QUEUE_CALLS
    }

    /// Requests to Gemini a minute.
    pub fn gemini(self) -> f64 {
        self.sends() * 60.0
    }

    /// Tokens sent to Gemini a minute.
    pub fn tokens(self) -> f64 {
        self.gemini() * self.habits.prompt_tokens
    }
}

/// The needs of the busiest second, a line each.
pub(crate) struct Table<'a>(pub(crate) &'a [Load]);

impl Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line =
            |name: &str, of: fn(Load) -> f64| format!("\n{name:<44}{}", cells(15, self.0.iter().map(|load| of(*load))));
        write!(f, "{}", line("Needs; rates are of the busiest second    users", |load| load.users).trim_start())?;
        for (name, of) in [
            ("messages a day", Load::messages as fn(Load) -> f64),
            ("messages a second", Load::sends),
            ("requests to the gateway a second", Load::requests),
            ("replies at once, and streams of them", Load::replies),
            ("environments at once", Load::environments),
            ("connections to Postgres without a pooler", Load::connections),
            ("Postgres: transactions a second", Load::transactions),
            ("Postgres: processors busy", Load::postgres),
            ("Postgres: GB a year", Load::gb_a_year),
            ("Redis: calls a second", Load::redis),
            ("SQS: calls a second of a reply queue", Load::queue),
            ("Gemini: requests a minute", Load::gemini),
            ("Gemini: prompt tokens a minute", Load::tokens),
        ] {
            f.write_str(&line(name, of))?;
        }
        Ok(())
    }
}
