//! Which limit is met first.

use std::fmt::{self, Display};

use crate::load::Load;
use crate::{cells, shown};

/// A limit: its name, what it is at first, and what a load needs of it.
type Limit = (&'static str, f64, fn(Load) -> f64);

/// The defaults of this template, of an AWS account and of Google's first paid tier, lowest last.
const LIMITS: [Limit; 10] = [
    ("ProConcurrency, batches of one", 20.0, Load::replies),
    ("ReservedConcurrencyReplyStream", 50.0, Load::replies),
    ("connections of a Postgres with 100", 97.0, Load::connections),
    ("Gemini: requests a minute, first paid tier", 1_000.0, Load::gemini),
    ("Gemini: tokens a minute, first paid tier", 1e6, Load::tokens),
    ("environments of an account", 1_000.0, Load::environments),
    ("ThrottleRate, requests to a route a second", 200.0, Load::sends),
    ("a FIFO queue's calls a second, of all rooms", 300.0, Load::queue),
    ("MaximumConcurrency of an event source", 1_000.0, Load::replies),
    ("gateway: requests a second of an account", 10_000.0, Load::requests),
];

/// How many times each limit is needed; over 1 it must be raised first.
pub(crate) struct Table<'a>(pub(crate) &'a [Load]);

impl Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let users = cells(12, self.0.iter().map(|load| load.users));
        write!(f, "{:<46}{:>10}{users}", "Times that a default is needed; * is too little", "default")?;
        for (name, limit, need) in LIMITS {
            write!(f, "\n{name:<46}{:>10}", shown(limit))?;
            for load in self.0 {
                let times = need(*load) / limit;
                write!(f, "{:>11}{}", shown(times), if times > 1.0 { "*" } else { " " })?;
            }
        }
        Ok(())
    }
}
