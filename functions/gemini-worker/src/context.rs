//! What the model is sent: the conversation so far, each message with the latest reply to it.

use std::collections::HashMap;

use shared::db::replies::{Attempt, Turn};

use crate::gemini::{Content, Request};

/// The request for an attempt.
pub(crate) fn request(attempt: &Attempt) -> Request {
    Request::new(attempt.system_prompt.as_deref(), conversation(&attempt.turns))
}

/// Users' messages in their order, each followed by the latest reply to it. Messages without one are merged with what
/// follows, since roles must alternate; a reply whose message lies before the context is left out.
fn conversation(turns: &[Turn]) -> Vec<Content> {
    let latest: HashMap<_, _> = turns.iter().filter_map(|turn| Some((turn.in_reply_to?, turn))).collect();
    let asked = turns.last().map(|turn| turn.id);
    let mut contents: Vec<Content> = Vec::new();
    for message in turns.iter().filter(|turn| turn.in_reply_to.is_none()) {
        match contents.last_mut() {
            Some(last) if last.is_user() => last.push(&message.content),
            _ => contents.push(Content::user(&message.content)),
        }
        if let Some(reply) = latest.get(&message.id).filter(|_| Some(message.id) != asked) {
            contents.push(Content::model(&reply.content));
        }
    }
    contents
}

#[cfg(test)]
mod tests {
    use shared::db::replies::Turn;
    use uuid::Uuid;

    use super::conversation;

    fn turn(id: u128, content: &str, in_reply_to: Option<u128>) -> Turn {
        let role = if in_reply_to.is_some() { "assistant" } else { "user" };
        Turn { id: Uuid::from_u128(id), role: role.into(), content: content.into(), in_reply_to: in_reply_to.map(Uuid::from_u128) }
    }

    fn texts(turns: &[Turn]) -> String {
        serde_json::to_string(&conversation(turns)).unwrap()
    }

    #[test]
    fn the_latest_of_several_replies_follows_its_message() {
        let turns = [turn(1, "a", None), turn(2, "old", Some(1)), turn(3, "b", None), turn(4, "new", Some(1)), turn(5, "c", None)];
        assert_eq!(
            texts(&turns),
            r#"[{"role":"user","parts":[{"text":"a"}]},{"role":"model","parts":[{"text":"new"}]},{"role":"user","parts":[{"text":"b"},{"text":"c"}]}]"#
        );
    }

    #[test]
    fn a_reply_without_its_message_is_left_out() {
        let turns = [turn(2, "late", Some(1)), turn(3, "b", None)];
        assert_eq!(texts(&turns), r#"[{"role":"user","parts":[{"text":"b"}]}]"#);
    }
}
