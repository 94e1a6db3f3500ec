//! What a month costs.

use std::fmt::{self, Display};

use crate::habits::Habits;
use crate::load::{Load, QUEUE_CALLS, TURN_POSTGRES_SECONDS};
use crate::{cells, shown, usd};

/// Days and hours of a month.
const DAYS: f64 = 30.0;
const HOURS: f64 = 730.0;
/// Memory of the worker and of the streaming function, in GB: template.yaml's.
const WAITING_GB: f64 = 0.125;
/// Log lines of a reply and of a stream, in bytes.
const REPLY_LOGGED: f64 = 1_701.0;
const STREAM_LOGGED: f64 = 680.0;
/// Bytes to and from Gemini for an answer, TLS and JSON included.
const REPLY_WIRE: f64 = 20_000.0;
/// Processors of an Aurora capacity unit, and how busy it is let to be.
const ACU_PROCESSORS: f64 = 0.25;
const ACU_BUSY: f64 = 0.6;
/// The smallest Aurora that does not pause.
const ACU_LEAST: f64 = 0.5;
/// Instances of Aurora as samconfig.toml has them for prod: the second one takes over, so it grows with the first.
const ACU_INSTANCES: f64 = 2.0;
/// Managed Instances: how many Lambda starts at least, and how many replies one of them is taken to make at once (not
/// measured: a stream takes 10 ms of a processor, and an instance has two).
const MANAGED_LEAST: f64 = 3.0;
const MANAGED_REPLIES: f64 = 200.0;
/// Reads and writes of Aurora's storage for a message and its reply: an estimate.
const TURN_IO: f64 = 12.0;
/// Alarms and metrics of one deployment, about.
const ALARMS: f64 = 75.0;
const METRICS: f64 = 80.0;

/// What a million requests cost in USD, on arm64: the gateway, the function and its logs, by docs/performance.md's table *Cost*.
#[derive(Debug, Clone, Copy)]
pub struct Millions {
    /// Reads, of which a room is the dearest.
    pub read: f64,
    /// Messages.
    pub send: f64,
    /// Codes.
    pub send_otp: f64,
    /// Sign-ins by them.
    pub verify_otp: f64,
}

impl Millions {
    /// What was measured.
    pub const MEASURED: Self = Self { read: 1.34, send: 1.85, send_otp: 1.74, verify_otp: 1.74 };
}

/// The bill of a month, in USD.
#[derive(Debug, Clone, Copy)]
pub struct Month {
    /// The load of each of its days.
    pub load: Load,
    /// Requests: the gateway, the functions behind it, their logs.
    pub requests: f64,
    /// The worker while Gemini writes, and its queue.
    pub replies: f64,
    /// The same by Managed Instances, where one environment makes many replies at once.
    pub managed: f64,
    /// The streaming function while replies are followed.
    pub streams: f64,
    /// Aurora Serverless, two instances, with a year of data.
    pub postgres: f64,
    /// Valkey serverless.
    pub redis: f64,
    /// One NAT gateway with its address, alarms and metrics.
    pub fixed: f64,
    /// Codes by SMS.
    pub sms: f64,
    /// Gemini's tokens.
    pub gemini: f64,
}

impl Month {
    /// The bill of a load.
    pub fn of(load: Load) -> Self {
        let Habits { visits, sign_ins, prompt_tokens, reply_tokens, reply_seconds, .. } = load.habits;
        let of = Millions::MEASURED;
        let messages = load.messages() * DAYS / 1e6;
        let reads = load.users * (3.0 * visits + 1.0) * DAYS / 1e6;
        let waits = reply_seconds * WAITING_GB * usd::GB_SECOND_ARM * 1e6;
        let mean = load.sends() / load.habits.peak;
        let units = (mean * TURN_POSTGRES_SECONDS / ACU_PROCESSORS / ACU_BUSY).max(ACU_LEAST);
        let queue = QUEUE_CALLS * usd::FIFO_MILLION;
        Self {
            load,
            requests: reads * of.read
                + messages * of.send
                + load.users * sign_ins / 1e6 * (of.send_otp + of.verify_otp),
            replies: messages * (usd::INVOCATIONS_MILLION + waits + queue + REPLY_LOGGED / 1e3 * usd::LOGS_GB),
            managed: (load.replies() / MANAGED_REPLIES).ceil().max(MANAGED_LEAST) * usd::MANAGED_HOUR * HOURS
                + messages * (usd::INVOCATIONS_MILLION + queue + REPLY_LOGGED / 1e3 * usd::LOGS_GB),
            streams: messages * (usd::INVOCATIONS_MILLION + waits + STREAM_LOGGED / 1e3 * usd::LOGS_GB),
            postgres: ACU_INSTANCES * units * usd::ACU_HOUR * HOURS
                + load.gb_a_year() * usd::AURORA_GB
                + messages * TURN_IO * usd::AURORA_IO_MILLION,
            redis: 0.1 * usd::VALKEY_GB_HOUR * HOURS
                + load.redis() / load.habits.peak * 3600.0 * HOURS / 1e6 * usd::VALKEY_MILLION,
            fixed: (usd::NAT_HOUR + usd::ADDRESS_HOUR) * HOURS
                + messages * REPLY_WIRE / 1e3 * usd::NAT_GB
                + ALARMS * usd::ALARM
                + METRICS * usd::METRIC,
            sms: load.users * sign_ins * usd::SMS,
            gemini: messages * (prompt_tokens * usd::PROMPT_MILLION + reply_tokens * usd::REPLY_MILLION),
        }
    }

    /// The bill as a row of README's table.
    pub fn line(self) -> String {
        let [users, messages] = [self.load.users, self.load.messages()].map(shown);
        let [aws, sms, gemini] = [self.aws(), self.sms, self.gemini].map(shown);
        format!("| {users} | {messages} | ${aws} | ${sms} | ${gemini} |")
    }

    /// What AWS is paid, without SMS.
    pub fn aws(self) -> f64 {
        self.requests + self.replies + self.streams + self.postgres + self.redis + self.fixed
    }
}

/// A line of the table: its name and its figure.
type Line = (&'static str, fn(Month) -> f64);

/// The bills, a line for each part.
pub(crate) struct Table<'a>(pub(crate) &'a [Month]);

impl Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: [Line; 12] = [
            ("USD a month, of daily users", |month| month.load.users),
            ("requests", |month| month.requests),
            ("replies: the worker waits for Gemini", |month| month.replies),
            ("streams of them", |month| month.streams),
            ("Aurora Serverless, two, a year of data", |month| month.postgres),
            ("Valkey serverless", |month| month.redis),
            ("NAT gateway, alarms, metrics", |month| month.fixed),
            ("AWS in all", Month::aws),
            ("codes by SMS, United States", |month| month.sms),
            ("Gemini's tokens", |month| month.gemini),
            ("replies, if by Managed Instances", |month| month.managed),
            ("AWS for 1,000 messages", |month| month.aws() / (month.load.messages() * DAYS) * 1e3),
        ];
        for (number, (name, of)) in lines.into_iter().enumerate() {
            let cells = cells(15, self.0.iter().map(|month| of(*month)));
            write!(f, "{}{name:<44}{cells}", if number == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}
