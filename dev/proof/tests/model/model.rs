//! What must be stored and returned: the states of replies and the allowance, in plain Rust.

use shared::db::replies::MOST_ATTEMPTS;
use shared::domain::{Bounds, ChatroomId, Limits, MessageId, ReplyState, SessionId, Tier, Timestamp, UserId};
use time::Date;

use crate::operation::{Answer, Claimed, Held, Operation, Seen};
use crate::rule::{Fate, Ledger};

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
    pub(crate) reached: bool,
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
    pub(crate) bounds: Bounds,
    /// `None` between the deletion of the account and the next sign-in.
    pub(crate) account: Option<(UserId, SessionId)>,
    /// The accounts that were deleted.
    pub(crate) gone: Vec<UserId>,
    pub(crate) pro_until: Option<Timestamp>,
    pub(crate) rooms: Vec<Room>,
    pub(crate) ledger: Ledger,
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
        self.ledger.charged(self.now.day())
    }

    fn left(&self) -> i32 {
        self.limits.of(self.tier()) - self.used_today()
    }

    fn unfinished(&self) -> i32 {
        let turns = self.rooms.iter().flat_map(|room| &room.turns);
        i32::try_from(turns.filter(|turn| !turn.state.is_final()).count()).unwrap()
    }

    fn most_unfinished(&self) -> i32 {
        match self.tier() {
            Tier::Basic => self.bounds.unfinished_basic,
            Tier::Pro => self.bounds.unfinished_pro,
        }
    }

    /// Charges a pending reply to today.
    fn charge(&mut self, reply: MessageId) {
        self.ledger.charge(reply, self.now.day(), self.limits.of(self.tier()));
    }

    /// Ends a reply, and refunds it if the rule says so.
    fn end(&mut self, id: MessageId, state: ReplyState, fate: Fate) {
        let (now, ledger) = (self.now, &mut self.ledger);
        let turns = self.rooms.iter_mut().flat_map(|room| &mut room.turns);
        let Some(turn) = turns.into_iter().find(|turn| turn.id == id) else { return };
        let is_refunded = turn.charged_on.is_some_and(|day| ledger.end(id, day, fate));
        (turn.state, turn.completed_at, turn.lease_until, turn.retry_at) = (state, Some(now), None, None);
        if is_refunded {
            turn.charged_on = None;
        }
    }

    /// Takes turns away that the user deletes, and calls off the unfinished ones.
    fn call_off(&mut self, turns: Vec<Turn>) {
        for turn in turns.into_iter().filter(|turn| !turn.state.is_final()) {
            if let Some(day) = turn.charged_on {
                self.ledger.end(turn.id, day, turn.fate_if_called_off());
            }
        }
    }

    /// Applies an operation of a user who has no account: it is refused.
    fn refuse(operation: &Operation, answer: &Answer) -> Checked {
        let is_refused = matches!(answer.status, 401 | 404);
        if is_refused { Ok(()) } else { Err(format!("{operation:?} without an account: {}", answer.status)) }
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
                self.ledger.spend(self.now.day(), *used);
                Ok(())
            }
            (Operation::Leave | Operation::Join, _) => self.come_or_go(operation, seen),
            (operation, Seen::Answer(answer)) if self.account.is_none() => Self::refuse(operation, answer),
            (Operation::Create { title }, Seen::Answer(answer)) => {
                if i64::try_from(self.rooms.len()).unwrap() >= self.bounds.rooms {
                    return same("status and code", &answer.code(), &(429, "too_many_rooms".into()));
                }
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
                let room = self.rooms.remove(place);
                self.call_off(room.turns);
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
            (Operation::Finish { held, state, text, is_answered }, Seen::Done(done)) => {
                same("finish", done, &self.finish(held, *state, text, *is_answered))
            }
            (Operation::Postpone { held, until, is_answered }, Seen::Done(done)) => {
                let held_on = self
                    .reply(held.reply)
                    .filter(|turn| turn.attempt == held.number && turn.state == ReplyState::Generating);
                same("postpone", done, &held_on.is_some())?;
                if let Some(turn) = held_on {
                    (turn.state, turn.lease_until, turn.retry_at) = (ReplyState::Pending, None, Some(*until));
                    turn.reached |= is_answered;
                }
                Ok(())
            }
            (Operation::KeepPartial { held, text }, Seen::Done(done)) => {
                let cancelled = self.reply(held.reply).filter(|turn| {
                    turn.attempt == held.number
                        && turn.state == ReplyState::Cancelled
                        && turn.content.is_empty()
                        && turn.charged_on.is_some()
                });
                same("keep_partial", done, &cancelled.is_some())?;
                if let Some(turn) = cancelled {
                    turn.content.clone_from(text);
                }
                Ok(())
            }
            (Operation::Bury { .. } | Operation::Sweep { .. }, _) => self.tidy(operation, seen),
            (operation, seen) => self.look(operation, seen),
        }
    }

    /// Applies the deletion of the account, or a sign-in.
    fn come_or_go(&mut self, operation: &Operation, seen: &Seen) -> Checked {
        match (operation, seen) {
            (Operation::Leave, Seen::Done(done)) => {
                same("leave", done, &self.account.is_some())?;
                self.leave();
                Ok(())
            }
            (Operation::Join, Seen::Joined(user, session, spent)) => {
                match self.account {
                    Some((known, _)) => same("the account", user, &known)?,
                    None if self.gone.contains(user) => return Err(format!("{user} was deleted")),
                    None => self.join(*user, *session),
                }
                same("used", spent, &self.used_today())
            }
            (operation, seen) => Err(format!("{operation:?} cannot end as {seen:?}")),
        }
    }

    /// Applies what `maintenance` does.
    fn tidy(&mut self, operation: &Operation, seen: &Seen) -> Checked {
        match (operation, seen) {
            (Operation::Bury { reply }, Seen::Done(done)) => {
                let now = self.now;
                let free = self
                    .reply(*reply)
                    .filter(|turn| !turn.state.is_final() && turn.lease_until.is_none_or(|until| until < now));
                let is_reached = free.map(|turn| turn.reached || turn.state == ReplyState::Generating);
                same("bury", done, &is_reached.is_some())?;
                if let Some(is_reached) = is_reached {
                    self.end(*reply, ReplyState::Failed, if is_reached { Fate::Unanswered } else { Fate::Unreached });
                }
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
            (operation, seen) => Err(format!("{operation:?} cannot end as {seen:?}")),
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

    fn send(&mut self, room: ChatroomId, text: &str, key: Option<&str>, answer: &Answer) -> Checked {
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
        if self.unfinished() >= self.most_unfinished() {
            return same("status and code", &answer.code(), &(429, "too_many_unfinished".into()));
        }
        same("status", &answer.status, &202)?;
        let (id, reply) = answer.ids()?;
        let (now, tier) = (self.now, self.tier());
        self.charge(reply);
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
            reached: false,
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

    fn regenerate(&mut self, room: ChatroomId, message: MessageId, answer: &Answer) -> Checked {
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
        if self.unfinished() >= self.most_unfinished() {
            return same("status and code", &answer.code(), &(429, "too_many_unfinished".into()));
        }
        same("status", &answer.status, &202)?;
        let (id, reply) = answer.ids()?;
        same("the message", &id, &asked)?;
        self.charge(reply);
        same("the allowance", &answer.allowance(), &(self.limits.of(tier), self.used_today()))?;
        let room = self.room(room).ok_or("its room")?;
        let seq = room.next_seq();
        room.turns.push(Turn::pending(reply, seq, asked, tier, now));
        room.updated_at = room.updated_at.max(now);
        Ok(())
    }

    fn cancel(&mut self, room: ChatroomId, named: MessageId, answer: &Answer) -> Checked {
        // Of the replies to a message, the latest one is meant; only that one can be unfinished.
        let is_named = |turn: &&mut Turn| turn.in_reply_to.is_some_and(|message| turn.id == named || message == named);
        let turn = self.room(room).and_then(|room| room.turns.iter_mut().rev().find(is_named));
        let Some(turn) = turn else { return same("status", &answer.status, &404) };
        let (id, state, fate) = (turn.id, turn.state, turn.fate_if_called_off());
        let expected = if state.is_final() { state } else { ReplyState::Cancelled };
        if !state.is_final() {
            self.end(id, ReplyState::Cancelled, fate);
        }
        same("status", &answer.status, &200)?;
        same("the reply", &answer.text("/id"), &id.to_string())?;
        same("state", &answer.text("/state"), &expected.as_str().to_owned())
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
        head.reached |= head.state == ReplyState::Generating;
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

    fn finish(&mut self, held: &Held, state: ReplyState, text: &str, is_answered: bool) -> bool {
        let Some(turn) = self.reply(held.reply).filter(|turn| turn.attempt == held.number && !turn.state.is_final())
        else {
            return false;
        };
        text.clone_into(&mut turn.content);
        let fate = match (text.is_empty(), turn.reached || is_answered) {
            (false, _) => Fate::Answered,
            (true, true) => Fate::Unanswered,
            (true, false) => Fate::Unreached,
        };
        self.end(held.reply, state, fate);
        true
    }

    fn leave(&mut self) {
        let rooms = std::mem::take(&mut self.rooms);
        self.call_off(rooms.into_iter().flat_map(|room| room.turns).collect());
        self.ledger.keep_only(self.now.day());
        self.gone.extend(self.account.take().map(|(user, _)| user));
        self.pro_until = None;
    }

    fn join(&mut self, user: UserId, session: SessionId) {
        self.ledger.keep_only(self.now.day());
        self.account = Some((user, session));
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
            reached: false,
            lease_until: None,
            retry_at: None,
            nudged_at: None,
            created_at: now,
            completed_at: None,
            key: None,
        }
    }

    fn fate_if_called_off(&self) -> Fate {
        let has_begun = self.reached || self.state == ReplyState::Generating;
        if has_begun { Fate::BrokenOff } else { Fate::CalledOff }
    }
}
