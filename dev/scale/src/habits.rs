//! What a user does on a day, and what that takes.

use std::fmt::{self, Display};

/// What is assumed. Times are in seconds; a user is one who writes on that day.
#[derive(Debug, Clone, Copy)]
pub struct Habits {
    /// Messages of a user a day.
    pub messages: f64,
    /// Visits of a user a day: each reads the profile, the list and a room.
    pub visits: f64,
    /// Sign-ins by a code of a user a month.
    pub sign_ins: f64,
    /// The busiest second over the mean one.
    pub peak: f64,
    /// How long Gemini takes for an answer.
    pub reply_seconds: f64,
    /// Tokens that are sent for an answer: the conversation so far.
    pub prompt_tokens: f64,
    /// Tokens of an answer, the model's thoughts included.
    pub reply_tokens: f64,
    /// Pieces of an answer a second, each one a write to Redis.
    pub pieces: f64,
}

impl Habits {
    /// What docs/scaling.md assumes.
    pub const USUAL: Self = Self {
        messages: 20.0,
        visits: 4.0,
        sign_ins: 1.0,
        peak: 5.0,
        reply_seconds: 8.0,
        prompt_tokens: 1_500.0,
        reply_tokens: 500.0,
        pieces: 15.0,
    };

    /// These habits with others of the form `name=number`. The error is a sentence.
    pub fn with(mut self, changes: impl IntoIterator<Item = String>) -> Result<Self, String> {
        for change in changes {
            let known = self.named().map(|(name, _)| name).join(", ");
            let refused = || format!("{change}: give name=number, with a name of: {known}\n");
            let (name, number) = change.split_once('=').ok_or_else(refused)?;
            let number: f64 = number.parse().ok().filter(|number: &f64| *number > 0.0).ok_or_else(refused)?;
            let habit = match name {
                "messages" => &mut self.messages,
                "visits" => &mut self.visits,
                "sign_ins" => &mut self.sign_ins,
                "peak" => &mut self.peak,
                "reply_seconds" => &mut self.reply_seconds,
                "prompt_tokens" => &mut self.prompt_tokens,
                "reply_tokens" => &mut self.reply_tokens,
                "pieces" => &mut self.pieces,
                _ => return Err(refused()),
            };
            *habit = number;
        }
        Ok(self)
    }

    fn named(self) -> [(&'static str, f64); 8] {
        [
            ("messages", self.messages),
            ("visits", self.visits),
            ("sign_ins", self.sign_ins),
            ("peak", self.peak),
            ("reply_seconds", self.reply_seconds),
            ("prompt_tokens", self.prompt_tokens),
            ("reply_tokens", self.reply_tokens),
            ("pieces", self.pieces),
        ]
    }
}

impl Display for Habits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let habits = self.named().map(|(name, number)| format!("{name}={number}"));
        write!(f, "Assumed of a user: {}", habits.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::Habits;

    #[test]
    fn every_habit_can_be_changed_and_nothing_else() {
        for (name, _) in Habits::USUAL.named() {
            let changed = Habits::USUAL.with([format!("{name}=7")]).unwrap();
            assert_eq!(changed.named().iter().find(|(other, _)| *other == name).unwrap().1.to_bits(), 7_f64.to_bits());
        }
        for wrong in ["tea=1", "messages", "messages=none", "messages=-1"] {
            assert!(Habits::USUAL.with([wrong.to_owned()]).unwrap_err().starts_with(wrong), "{wrong}");
        }
    }
}
