//! The request to the model: the conversation so far, each message with its latest reply.

use std::collections::HashMap;

use shared::config::{ConfigError, Env};
use shared::db::replies::{Attempt, Turn};
use shared::domain::Tier;

use crate::gemini::{Content, Request, ThinkingLevel};

/// The bounds of answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Tokens of an answer for Pro, thoughts included.
    pro: u32,
    /// The same for Basic.
    basic: u32,
    /// How much the model thinks; `None` leaves it to the model.
    thinking: Option<ThinkingLevel>,
}

impl Bounds {
    /// Reads the settings.
    pub(crate) fn from_env(env: &Env) -> Result<Self, ConfigError> {
        const LEVEL: &str = "GEMINI_THINKING_LEVEL";
        Ok(Self {
            pro: env.parsed("GEMINI_MAX_OUTPUT_TOKENS_PRO", 8_192)?,
            basic: env.parsed("GEMINI_MAX_OUTPUT_TOKENS_BASIC", 2_048)?,
            thinking: match env.optional(LEVEL).map(|level| level.parse()) {
                Some(level) => {
                    Some(level.map_err(|_| ConfigError::new(LEVEL, "is not one of minimal, low, medium, high"))?)
                }
                None => None,
            },
        })
    }
}

/// The request for an attempt.
pub(crate) fn request(attempt: &Attempt, bounds: Bounds) -> Request {
    let most = match attempt.tier {
        Tier::Pro => bounds.pro,
        Tier::Basic => bounds.basic,
    };
    let request = Request::new(attempt.system_prompt.as_deref(), conversation(&attempt.turns));
    request.bounded(most, bounds.thinking)
}

/// The user's messages in their order, each with its latest reply, then the message to answer. An unanswered message is
/// left out: if a filter refused it, it would cause every later message to be refused too.
fn conversation(turns: &[Turn]) -> Vec<Content> {
    let latest: HashMap<_, _> = turns.iter().filter_map(|turn| Some((turn.in_reply_to?, turn))).collect();
    let Some((asked, before)) = turns.split_last() else { return Vec::new() };
    let answered = before.iter().filter_map(|message| Some((message, latest.get(&message.id)?)));
    answered
        .flat_map(|(message, reply)| {
            [Content::user(&message.content), Content::model(&reply.content, reply.signature.as_ref())]
        })
        .chain([Content::user(&asked.content)])
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use shared::db::replies::Turn;
    use shared::domain::Role;

    use super::{Request, conversation};

    fn turn(id: u128, content: &str, in_reply_to: Option<u128>) -> Turn {
        let role = if in_reply_to.is_some() { Role::Assistant } else { Role::User };
        let message = |number: u128| format!("{number:032x}").parse().unwrap();
        Turn { id: message(id), role, content: content.into(), in_reply_to: in_reply_to.map(message), signature: None }
    }

    fn texts(turns: &[Turn]) -> Value {
        let body = serde_json::to_value(Request::new(None, conversation(turns)).body(None)).unwrap();
        body["contents"].clone()
    }

    #[test]
    fn the_latest_of_several_replies_counts_and_unanswered_messages_do_not() {
        let turns = [
            turn(1, "a", None),
            turn(2, "old", Some(1)),
            turn(3, "b", None),
            turn(4, "new", Some(1)),
            turn(5, "c", None),
        ];
        assert_eq!(
            texts(&turns),
            json!([
                { "role": "user", "parts": [{ "text": "a" }] },
                { "role": "model", "parts": [{ "text": "new" }] },
                { "role": "user", "parts": [{ "text": "c" }] },
            ])
        );
    }

    #[test]
    fn a_reply_without_its_message_is_left_out() {
        let turns = [turn(2, "late", Some(1)), turn(3, "b", None)];
        assert_eq!(texts(&turns), json!([{ "role": "user", "parts": [{ "text": "b" }] }]));
    }
}
