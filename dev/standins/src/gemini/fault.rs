//! The faults to inject: words like `[[503*2]]` in the message, or faults queued by an admin call.

use std::collections::HashMap;

/// One fault of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fault {
    /// An error status without further details.
    Status(u16),
    /// 429 with Google's advice when to retry, in seconds; `None` omits the advice.
    RateLimited(Option<f64>),
    /// 429: the day's quota is used up.
    DailyQuota,
    /// 429: the project has no quota at all for the model.
    NoQuota,
    /// Milliseconds before the status line.
    Slow(u64),
    /// Milliseconds between two chunks.
    Drip(u64),
    /// The connection breaks in the middle of the stream.
    Cut,
    /// The prompt is refused with this blockReason.
    Blocked(String),
    /// The answer breaks off with this finishReason.
    Finish(String),
    /// `MAX_TOKENS` with all tokens used for thinking.
    Thinking,
    /// `STOP` without text.
    Empty,
    /// A chunk that is not JSON.
    Malformed,
    /// Endless text, up to 50 MB.
    Huge,
    /// The call is never answered.
    Hang,
}

impl Fault {
    /// Parses a fault word without its brackets and count.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        let (name, value) = word.split_once(':').map_or((word, None), |(name, value)| (name, Some(value)));
        Some(match (name, value) {
            ("429", None) => Self::RateLimited(None),
            ("429", Some("day")) => Self::DailyQuota,
            ("429", Some("limit0")) => Self::NoQuota,
            ("429", Some(seconds)) => Self::RateLimited(Some(seconds.parse().ok().filter(|s: &f64| s.is_finite())?)),
            ("slow", Some(millis)) => Self::Slow(millis.parse().ok()?),
            ("drip", Some(millis)) => Self::Drip(millis.parse().ok()?),
            ("cut", None) => Self::Cut,
            ("blocked", reason) => Self::Blocked(reason.unwrap_or("SAFETY").to_owned()),
            ("finish", Some(reason)) => Self::Finish(reason.to_owned()),
            ("max", None) => Self::Finish("MAX_TOKENS".to_owned()),
            ("thinking", None) => Self::Thinking,
            ("empty", None) => Self::Empty,
            ("malformed", None) => Self::Malformed,
            ("huge", None) => Self::Huge,
            ("hang", None) => Self::Hang,
            (status, None) => Self::Status(status.parse().ok().filter(|code| (400..600).contains(code))?),
            _ => return None,
        })
    }
}

/// A fault waiting for the next calls.
#[derive(Debug)]
struct Queued {
    fault: Fault,
    times: u32,
    containing: Option<String>,
}

/// Queued faults, and how often each counted word was applied.
#[derive(Default)]
pub(crate) struct Faults {
    queued: Vec<Queued>,
    struck: HashMap<(String, String), u32>,
}

impl Faults {
    /// Queues `fault` for the next `times` calls (whose last user text contains `containing`).
    pub(crate) fn queue(&mut self, fault: Fault, times: u32, containing: Option<String>) {
        self.queued.push(Queued { fault, times, containing });
    }

    /// The faults of a call with this last user text: those of its words, then the first queued one.
    pub(crate) fn of(&mut self, text: &str) -> Vec<Fault> {
        let mut faults: Vec<Fault> = words(text).filter_map(|word| self.of_word(text, word)).collect();
        let due = self.queued.iter_mut().find(|queued| queued.times > 0 && queued.is_for(text));
        if let Some(queued) = due {
            queued.times -= 1;
            faults.push(queued.fault.clone());
        }
        self.queued.retain(|queued| queued.times > 0);
        faults
    }

    fn of_word(&mut self, text: &str, word: &str) -> Option<Fault> {
        let Some((name, count)) = word.rsplit_once('*') else { return Fault::parse(word) };
        let (fault, count) = (Fault::parse(name)?, count.parse::<u32>().ok()?);
        let struck = self.struck.entry((text.to_owned(), word.to_owned())).or_default();
        *struck += 1;
        (*struck <= count).then_some(fault)
    }
}

impl Queued {
    fn is_for(&self, text: &str) -> bool {
        self.containing.as_ref().is_none_or(|needle| text.contains(needle.as_str()))
    }
}

/// All `[[…]]` in `text`, without the brackets.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split("[[").skip(1).filter_map(|rest| rest.split_once("]]").map(|(word, _)| word))
}
