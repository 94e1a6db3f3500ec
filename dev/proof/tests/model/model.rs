//! What must be stored and returned: the states of replies and the allowance, in plain Rust.

use std::collections::BTreeMap;

use shared::db::replies::MOST_ATTEMPTS;
use shared::domain::{ChatroomId, Limits, MessageId, ReplyState, Tier, Timestamp};
use time::Date;

use crate::operation::{Claimed, Held, Operation, Seen};

/// The most turns that are sent to the model, including the question.
const CONTEXT: usize = 40;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Turn {
    pub(crate) id: MessageId,
    pub(crate) seq: i64,
    pub(crate) content: String,
    pub(crate) state: ReplyState,
    pub(crate) in_reply_to: Option<MessageId>,
    pub(crate) tier: Option<Tier>,
    pub(crate) charged_on: Option<Date>,
    pub(crate) attempt: i32,
    pub(crate) lease_until: Option<Timestamp>,
    pub(crate) retry_at: Option<Timestamp>,
    pub(crate) nudged_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) completed_at: Option<Timestamp>,
    pub(crate) key: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Room {
    pub(crate) id: ChatroomId,
    pub(crate) title: String,
    pub(crate) updated_at: Timestamp,
    pub(crate) turns: Vec<Turn>,
}

#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub(crate) now: Timestamp,
    pub(crate) limits: Limits,
    pub(crate) pro_until: Option<Timestamp>,
    pub(crate) rooms: Vec<Room>,
    pub(crate) used: BTreeMap<Date, i32>,
}

type Checked = Result<(), String>;

fn same<T: PartialEq + std::fmt::Debug>(what: &str, seen: &T, expected: &T) -> Checked {
    if seen == expected { Ok(()) } else { Err(format!("{what}: {seen:?} instead of {expected:?}")) }
}

impl Model {
    pub(crate) fn tier(&self) -> Tier {
        if self.pro_until.is_some_and(|until| until > self.now) { Tier::Pro } else { Tier::Basic }
    }

    pub(crate) fn room(&mut self, id: ChatroomId) -> Option<&mut Room> {
        self.rooms.iter_mut().find(|room| room.id == id)
    }

    fn reply(&mut self, id: MessageId) -> Option<&mut Turn> {
        self.rooms.iter_mut().flat_map(|room| &mut room.turns).find(|turn| turn.id == id && turn.in_reply_to.is_some())
    }

    pub(crate) fn used_today(&self) -> i32 {
        self.used.get(&self.now.day()).copied().unwrap_or_default()
    }

    fn left(&self) -> i32 {
        self.limits.of(self.tier()) - self.used_today()
    }

    fn give_back(&mut self, day: Option<Date>) {
        if let Some(day) = day {
            *self.used.entry(day).or_default() -= 1;
        }
    }

    /// Applies `operation` and compares the `seen` result with the expected one. Ids are taken from `seen`.
    pub(crate) fn apply(&mut self, operation: &Operation, seen: &Seen) -> Checked {
        match (operation, seen) {
            (Operation::Step { to }, _) => {
                self.now = *to;
                Ok(())
            }
            (Operation::Tier { pro_until }, _) => {
                self.pro_until = *pro_until;
                Ok(())
            }
            (Operation::Spend { used }, _) => {
                self.used.insert(self.now.day(), *used);
                Ok(())
            }
            (Operation::Create { title }, Seen::Answer(answer)) => {
                same("status", &answer.status, &201)?;
                let room = Room { id: answer.room()?, title: title.clone(), updated_at: self.now, turns: Vec::new() };
                self.rooms.push(room);
                Ok(())
            }
            (Operation::Rename { room, title }, Seen::Answer(answer)) => {
                let now = self.now;
                let Some(room) = self.room(*room) else { return same("status", &answer.status, &404) };
                same("status", &answer.status, &200)?;
                (room.title, room.updated_at) = (title.clone(), room.updated_at.max(now));
                Ok(())
            }
            (Operation::Delete { room }, Seen::Answer(answer)) => {
                let Some(place) = self.rooms.iter().position(|known| known.id == *room) else {
                    return same("status", &answer.status, &404);
                };
                same("status", &answer.status, &204)?;
                for turn in self.rooms.remove(place).turns {
                    if !turn.state.is_final() {
                        self.give_back(turn.charged_on);
                    }
                }
                Ok(())
            }
            (Operation::Send { room, text, key }, Seen::Answer(answer)) => {
                self.send(*room, text, key.as_deref(), answer)
            }
            (Operation::Regenerate { room, message }, Seen::Answer(answer)) => self.regenerate(*room, *message, answer),
            (Operation::Cancel { room, named }, Seen::Answer(answer)) => self.cancel(*room, *named, answer),
            (Operation::Claim { room, lease }, Seen::Claim(claimed)) => {
                let until = self.now + *lease;
                same("claim", claimed, &self.claim(*room, until))
            }
            (Operation::Finish { held, state, text }, Seen::Done(done)) => {
                same("finish", done, &self.finish(held, *state, text))
            }
            (Operation::Postpone { held, until }, Seen::Done(done)) => {
                let held_on = self
                    .reply(held.reply)
                    .filter(|turn| turn.attempt == held.number && turn.state == ReplyState::Generating);
                same("postpone", done, &held_on.is_some())?;
                if let Some(turn) = held_on {
                    (turn.state, turn.lease_until, turn.retry_at) = (ReplyState::Pending, None, Some(*until));
                }
                Ok(())
            }
            (Operation::KeepPartial { held, text }, Seen::Done(done)) => {
                let cancelled = self.reply(held.reply).filter(|turn| {
                    turn.attempt == held.number && turn.state == ReplyState::Cancelled && turn.content.is_empty()
                });
                same("keep_partial", done, &cancelled.is_some())?;
                if let Some(turn) = cancelled {
                    turn.content.clone_from(text);
                }
                Ok(())
            }
            (Operation::Bury { reply }, Seen::Done(done)) => {
                let now = self.now;
                let free = self
                    .reply(*reply)
                    .filter(|turn| !turn.state.is_final() && turn.lease_until.is_none_or(|until| until < now));
                same("bury", done, &free.is_some())?;
                let day = free.and_then(|turn| turn.end(ReplyState::Failed, now, true));
                self.give_back(day);
                Ok(())
            }
            (Operation::Sweep { due, nudged }, Seen::Strays(seen)) => {
                let (now, strays) = (self.now, self.strays(*due, *nudged));
                same("strays", seen, &strays)?;
                for id in strays {
                    if let Some(turn) = self.reply(id) {
                        turn.nudged_at = Some(now);
                    }
                }
                Ok(())
            }
            (operation, seen) => self.look(operation, seen),
        }
    }

    fn look(&mut self, operation: &Operation, seen: &Seen) -> Checked {
        match (operation, seen) {
            (Operation::List, Seen::Answer(answer)) => {
                let mut rooms: Vec<_> = self.rooms.iter().collect();
                rooms.sort_by_key(|room| std::cmp::Reverse((room.updated_at, room.id)));
                let expected: Vec<_> =
                    rooms.into_iter().map(|room| (room.id.to_string(), room.title.clone())).collect();
                same("list", &answer.listed(), &expected)
            }
            (Operation::Read { room }, Seen::Answer(answer)) => {
                let Some(room) = self.room(*room) else { return same("status", &answer.status, &404) };
                let expected: Vec<_> = room
                    .turns
                    .iter()
                    .map(|turn| (turn.id.to_string(), turn.state.as_str().to_owned(), turn.content.clone()))
                    .collect();
                same("turns", &answer.turns(), &expected)
            }
            (operation, seen) => Err(format!("{operation:?} cannot end as {seen:?}")),
        }
    }

    fn send(&mut self, room: ChatroomId, text: &str, key: Option<&str>, answer: &crate::operation::Answer) -> Checked {
        if self.room(room).is_none() {
            return same("status", &answer.status, &404);
        }
        let allowance = |model: &Self| (model.limits.of(model.tier()), model.used_today());
        let earlier = key.and_then(|key| {
            let place =
                |room: &Room| Some((room.id, room.turns.iter().position(|turn| turn.key.as_deref() == Some(key))?));
            self.rooms.iter().find_map(place)
        });
        if let Some((of, place)) = earlier {
            let turns = &self.room(of).ok_or("its room")?.turns;
            let (message, reply) = (turns[place].clone(), turns[place + 1].clone());
            if of != room || message.content != text {
                return same("status and code", &answer.code(), &(422, "idempotency_key_reused".into()));
            }
            same("repeated ids", &answer.ids()?, &(message.id, reply.id))?;
            same("its state", &answer.text("/reply/state"), &reply.state.as_str().to_owned())?;
            return same("its allowance", &answer.allowance(), &allowance(self));
        }
        if self.left() <= 0 {
            same("status and code", &answer.code(), &(429, "allowance_spent".into()))?;
            return same("the allowance", &answer.allowance(), &allowance(self));
        }
        same("status", &answer.status, &202)?;
        let (id, reply) = answer.ids()?;
        let (now, tier) = (self.now, self.tier());
        *self.used.entry(now.day()).or_default() += 1;
        same("the allowance", &answer.allowance(), &allowance(self))?;
        let room = self.room(room).ok_or("its room")?;
        let seq = room.next_seq();
        let message = Turn {
            id,
            seq,
            content: text.to_owned(),
            state: ReplyState::Completed,
            in_reply_to: None,
            tier: None,
            charged_on: None,
            attempt: 0,
            lease_until: None,
            retry_at: None,
            nudged_at: None,
            created_at: now,
            completed_at: Some(now),
            key: key.map(str::to_owned),
        };
        let reply = Turn::pending(reply, seq + 1, id, tier, now);
        room.turns.extend([message, reply]);
        room.updated_at = room.updated_at.max(now);
        Ok(())
    }

    fn regenerate(&mut self, room: ChatroomId, message: MessageId, answer: &crate::operation::Answer) -> Checked {
        let (now, tier, left) = (self.now, self.tier(), self.left());
        let turns = self.room(room).map(|room| room.turns.clone()).unwrap_or_default();
        let Some(named) = turns.iter().find(|turn| turn.id == message) else {
            return same("status", &answer.status, &404);
        };
        let asked = named.in_reply_to.unwrap_or(named.id);
        if turns.iter().any(|turn| turn.in_reply_to == Some(asked) && !turn.state.is_final()) {
            return same("status and code", &answer.code(), &(409, "reply_unfinished".into()));
        }
        if left <= 0 {
            same("status and code", &answer.code(), &(429, "allowance_spent".into()))?;
            return same("the allowance", &answer.allowance(), &(self.limits.of(tier), self.used_today()));
        }
        same("status", &answer.status, &202)?;
        let (id, reply) = answer.ids()?;
        same("the message", &id, &asked)?;
        *self.used.entry(now.day()).or_default() += 1;
        same("the allowance", &answer.allowance(), &(self.limits.of(tier), self.used_today()))?;
        let room = self.room(room).ok_or("its room")?;
        let seq = room.next_seq();
        room.turns.push(Turn::pending(reply, seq, asked, tier, now));
        room.updated_at = room.updated_at.max(now);
        Ok(())
    }

    fn cancel(&mut self, room: ChatroomId, named: MessageId, answer: &crate::operation::Answer) -> Checked {
        let now = self.now;
        // Of the replies to a message, the latest one is meant; only that one can be unfinished.
        let is_named = |turn: &&mut Turn| turn.in_reply_to.is_some_and(|message| turn.id == named || message == named);
        let turn = self.room(room).and_then(|room| room.turns.iter_mut().rev().find(is_named));
        let Some(turn) = turn else { return same("status", &answer.status, &404) };
        let mut day = None;
        if !turn.state.is_final() {
            let is_free = turn.state == ReplyState::Pending;
            day = turn.end(ReplyState::Cancelled, now, is_free);
        }
        let (reply, expected) = (turn.id.to_string(), turn.state.as_str().to_owned());
        self.give_back(day);
        same("status", &answer.status, &200)?;
        same("the reply", &answer.text("/id"), &reply)?;
        same("state", &answer.text("/state"), &expected)
    }

    pub(crate) fn claim(&mut self, room: ChatroomId, until: Timestamp) -> Claimed {
        let now = self.now;
        let Some(room) = self.room(room) else { return Claimed::Idle };
        let context = room.turns.clone();
        let Some(head) = room.turns.iter_mut().find(|turn| !turn.state.is_final()) else { return Claimed::Idle };
        if let Some(busy) = head.lease_until.max(head.retry_at).filter(|busy| *busy > now) {
            return Claimed::Wait(busy);
        }
        if head.attempt >= MOST_ATTEMPTS && head.retry_at.is_none() {
            return Claimed::Exhausted(head.id, head.attempt);
        }
        head.attempt += 1;
        (head.state, head.lease_until, head.retry_at) = (ReplyState::Generating, Some(until), None);
        let asked = context.iter().find(|turn| Some(turn.id) == head.in_reply_to).map_or(0, |turn| turn.seq);
        let is_context = |turn: &&Turn| {
            let answered =
                matches!(turn.state, ReplyState::Completed | ReplyState::Truncated) && !turn.content.is_empty();
            turn.seq <= asked && (turn.in_reply_to.is_none() || answered)
        };
        let turns: Vec<_> = context.iter().filter(is_context).map(|turn| (turn.id, turn.content.clone())).collect();
        let turns = turns[turns.len().saturating_sub(CONTEXT)..].to_vec();
        Claimed::Taken(Held { reply: head.id, number: head.attempt }, turns)
    }

    fn finish(&mut self, held: &Held, state: ReplyState, text: &str) -> bool {
        let now = self.now;
        let Some(turn) = self.reply(held.reply).filter(|turn| turn.attempt == held.number && !turn.state.is_final())
        else {
            return false;
        };
        text.clone_into(&mut turn.content);
        let day = turn.end(state, now, matches!(state, ReplyState::Failed | ReplyState::Blocked));
        self.give_back(day);
        true
    }

    fn strays(&self, due: Timestamp, nudged: Timestamp) -> Vec<MessageId> {
        let heads = self.rooms.iter().filter_map(|room| room.turns.iter().find(|turn| !turn.state.is_final()));
        let mut strays: Vec<_> = heads
            .filter(|turn| turn.lease_until.or(turn.retry_at).unwrap_or(turn.created_at) < due)
            .filter(|turn| turn.nudged_at.is_none_or(|at| at < nudged))
            .map(|turn| turn.id)
            .collect();
        strays.sort();
        strays
    }
}

impl Room {
    fn next_seq(&self) -> i64 {
        self.turns.last().map_or(1, |turn| turn.seq + 1)
    }
}

impl Turn {
    fn pending(id: MessageId, seq: i64, in_reply_to: MessageId, tier: Tier, now: Timestamp) -> Self {
        Self {
            id,
            seq,
            content: String::new(),
            state: ReplyState::Pending,
            in_reply_to: Some(in_reply_to),
            tier: Some(tier),
            charged_on: Some(now.day()),
            attempt: 0,
            lease_until: None,
            retry_at: None,
            nudged_at: None,
            created_at: now,
            completed_at: None,
            key: None,
        }
    }

    /// Ends the reply and returns the day to refund.
    fn end(&mut self, state: ReplyState, now: Timestamp, is_given_back: bool) -> Option<Date> {
        (self.state, self.completed_at, self.lease_until, self.retry_at) = (state, Some(now), None, None);
        if is_given_back { self.charged_on.take() } else { None }
    }
}
