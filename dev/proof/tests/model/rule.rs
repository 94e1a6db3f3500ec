//! What a day costs: the rule of docs/allowance.md once more, as a sum over what became of the day's replies.

use std::collections::BTreeMap;

use shared::domain::MessageId;
use time::Date;

/// Replies of a day that may be called off for nothing.
pub(crate) const FREE: i32 = 2;

/// What became of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    UnderWay,
    /// It ended with a text.
    Answered,
    /// It ended without a text, and the model never answered.
    Unreached,
    /// It ended without a text, although the model answered, or nobody knows.
    Unanswered,
    /// It was called off before it began.
    CalledOff,
    /// It was called off after it began.
    BrokenOff,
}

/// A day of a number.
#[derive(Debug, Clone, Default)]
struct Day {
    replies: BTreeMap<MessageId, Fate>,
    /// The limit when a message was last charged.
    limit: i32,
    /// Those of the unanswered replies that were refunded.
    refunded: i32,
    /// Spent by nothing that the model knows.
    elsewhere: i32,
}

impl Day {
    fn count(&self, fate: Fate) -> i32 {
        i32::try_from(self.replies.values().filter(|known| **known == fate).count()).unwrap()
    }

    fn charged(&self) -> i32 {
        let kept = [Fate::UnderWay, Fate::Answered, Fate::BrokenOff].map(|fate| self.count(fate));
        let beyond = (self.count(Fate::CalledOff) - FREE).max(0);
        kept.iter().sum::<i32>() + beyond + self.count(Fate::Unanswered) - self.refunded + self.elsewhere
    }
}

/// Every day of a number.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger(BTreeMap<Date, Day>);

impl Ledger {
    pub(crate) fn charged(&self, day: Date) -> i32 {
        self.0.get(&day).map_or(0, Day::charged)
    }

    pub(crate) fn charge(&mut self, reply: MessageId, day: Date, limit: i32) {
        let day = self.0.entry(day).or_default();
        day.limit = limit;
        day.replies.insert(reply, Fate::UnderWay);
    }

    /// Ends a reply and returns whether it is refunded.
    pub(crate) fn end(&mut self, reply: MessageId, day: Date, fate: Fate) -> bool {
        let day = self.0.entry(day).or_default();
        day.replies.insert(reply, fate);
        match fate {
            Fate::Unreached => true,
            Fate::Unanswered if day.refunded < day.limit => {
                day.refunded += 1;
                true
            }
            Fate::CalledOff => day.count(Fate::CalledOff) <= FREE,
            _ => false,
        }
    }

    /// Sets how much of a day is spent.
    pub(crate) fn spend(&mut self, day: Date, used: i32) {
        let day = self.0.entry(day).or_default();
        day.elsewhere += used - day.charged();
    }

    /// Forgets every other day.
    pub(crate) fn keep_only(&mut self, day: Date) {
        self.0.retain(|known, _| *known == day);
    }

    /// What each day has used, refunded and called off, as Postgres stores it; days without anything are left out.
    pub(crate) fn rows(&self) -> BTreeMap<Date, (i32, i32, i32)> {
        let row = |day: &Day| (day.charged(), day.refunded, day.count(Fate::CalledOff));
        self.0.iter().map(|(date, day)| (*date, row(day))).filter(|(_, row)| *row != (0, 0, 0)).collect()
    }
}
