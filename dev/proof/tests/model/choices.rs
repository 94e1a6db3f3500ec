//! What a seed does next: random operations, alone or at the same time.

use std::time::Duration;

use shared::domain::{ChatroomId, MessageId, ReplyState};

use crate::lane::LIMITS;
use crate::operation::{Held, Operation};
use crate::world::{LEASE, World};

impl World<'_> {
    fn some_room(&mut self) -> Option<ChatroomId> {
        self.random.choose(&self.model.rooms).map(|room| room.id)
    }

    fn some_turn(&mut self, room: ChatroomId, is_reply: bool) -> Option<MessageId> {
        let turns: Vec<_> = self
            .model
            .room(room)?
            .turns
            .iter()
            .filter(|turn| !is_reply || turn.in_reply_to.is_some())
            .map(|turn| turn.id)
            .collect();
        // Most operations happen in the later rooms.
        let from = if self.random.one_in(3) { 0 } else { turns.len().saturating_sub(3) };
        self.random.choose(&turns[from..]).copied()
    }

    fn some_attempt(&mut self) -> Option<Held> {
        if self.random.one_in(3) { self.random.choose(&self.held).copied() } else { self.held.last().copied() }
    }

    pub(crate) fn text(&mut self, what: &str) -> String {
        self.texts += 1;
        format!("{what} {}", self.texts)
    }

    /// Several messages in a row that the model blocks or leaves without a text: the refunds of a day have a bound.
    pub(crate) async fn misfortune(&mut self) -> Result<(), String> {
        let Some(room) = self.some_room() else { return Ok(()) };
        for _ in 0..self.random.within(3..9) {
            let send = Operation::Send { room, text: self.text("question"), key: None };
            for operation in [send, Operation::Claim { room, lease: LEASE }] {
                self.perform(vec![operation]).await?;
            }
            let Some(held) = self.held.last().copied() else { return Ok(()) };
            let state = if self.random.one_in(2) { ReplyState::Blocked } else { ReplyState::Failed };
            let finish = Operation::Finish { held, state, text: String::new(), is_answered: true };
            self.perform(vec![finish]).await?;
            self.compare().await?;
        }
        Ok(())
    }

    /// A sign-in after the account was deleted: soon, or after midnight, and perhaps twice at once.
    pub(crate) fn coming_back(&mut self) -> Vec<Operation> {
        match self.random.within(0..5) {
            0 => vec![self.a_step()],
            1 => vec![Operation::Join, Operation::Join],
            _ => vec![Operation::Join],
        }
    }

    /// The deletion of the account, alone or at the same time as others.
    pub(crate) fn leaving(&mut self) -> Vec<Operation> {
        let mut operations = vec![Operation::Leave];
        if self.random.one_in(2) {
            operations.push(Operation::Join);
        }
        if let Some(room) = self.some_room().filter(|_| !self.random.one_in(3)) {
            let other = self.any_in(room);
            if !other.is_spread() {
                operations.push(other);
            }
        }
        let by = usize::try_from(self.random.within(0..3)).unwrap() % operations.len();
        operations.rotate_left(by);
        operations
    }

    pub(crate) fn any(&mut self) -> Operation {
        let Some(room) = self.some_room() else { return Operation::Create { title: self.text("room") } };
        self.any_in(room)
    }

    fn any_in(&mut self, room: ChatroomId) -> Operation {
        let wanted = match self.random.within(0..100) {
            0..24 => Some(self.a_send(room)),
            24..45 => Some(Operation::Claim { room, lease: LEASE }),
            45..60 => self.a_finish(),
            60..66 => self.a_postpone(),
            66..69 => self.some_attempt().map(|held| Operation::KeepPartial { held, text: self.text("partial") }),
            69..75 => self.some_turn(room, false).map(|named| Operation::Cancel { room, named }),
            75..80 => self.some_turn(room, false).map(|message| Operation::Regenerate { room, message }),
            80..82 => self.some_turn(room, true).map(|reply| Operation::Bury { reply }),
            82..84 => Some(Operation::Sweep {
                due: self.model.now - Duration::from_secs(20),
                nudged: self.model.now - Duration::from_secs(300),
            }),
            84..86 => Some(Operation::Create { title: self.text("room") }),
            86 => Some(Operation::Delete { room }),
            87 => Some(Operation::Rename { room, title: self.text("title") }),
            88 => Some(Operation::List),
            89 => Some(Operation::Read { room }),
            90..92 => Some(self.a_change_of_tier()),
            _ => Some(self.a_step()),
        };
        wanted.unwrap_or(Operation::Claim { room, lease: LEASE })
    }

    fn a_send(&mut self, room: ChatroomId) -> Operation {
        if self.random.one_in(4)
            && let Some((of, text, key)) = self.random.choose(&self.keys).cloned()
        {
            // The same send again, or its key with another message.
            return match self.random.within(0..6) {
                0 => Operation::Send { room: of, text: self.text("another"), key: Some(key) },
                1 => Operation::Send { room, text, key: Some(key) },
                _ => Operation::Send { room: of, text, key: Some(key) },
            };
        }
        let key = if self.random.one_in(2) { Some(self.text("key").replace(' ', "-")) } else { None };
        Operation::Send { room, text: self.text("question"), key }
    }

    fn a_finish(&mut self) -> Option<Operation> {
        let held = self.some_attempt()?;
        let states = [
            ReplyState::Completed,
            ReplyState::Completed,
            ReplyState::Truncated,
            ReplyState::Blocked,
            ReplyState::Failed,
        ];
        let state = *self.random.choose(&states)?;
        let text = match state {
            ReplyState::Completed => self.text("answer"),
            ReplyState::Truncated if self.random.one_in(2) => self.text("half an answer"),
            ReplyState::Failed if self.random.one_in(3) => self.text("half an answer"),
            _ => String::new(),
        };
        let is_answered = state != ReplyState::Failed || !text.is_empty() || self.random.one_in(2);
        Some(Operation::Finish { held, state, text, is_answered })
    }

    fn a_postpone(&mut self) -> Option<Operation> {
        let after = Duration::from_millis(self.random.within(500..300_000));
        let is_answered = self.random.one_in(2);
        Some(Operation::Postpone { held: self.some_attempt()?, until: self.model.now + after, is_answered })
    }

    fn a_change_of_tier(&mut self) -> Operation {
        let lengths = [None, Some(1), Some(3_600), Some(86_400), Some(30 * 86_400)];
        let length: Option<u64> = self.random.choose(&lengths).copied().flatten();
        Operation::Tier { pro_until: length.map(|seconds| self.model.now + Duration::from_secs(seconds)) }
    }

    fn a_step(&mut self) -> Operation {
        let (now, midnight) = (self.model.now, self.model.now.next_midnight());
        let to = match self.random.within(0..10) {
            0 => midnight - Duration::from_millis(1),
            1 => midnight,
            2 => now + Duration::from_secs(self.random.within(3_600..86_400)),
            3 => now + LEASE,
            4..7 => now + Duration::from_secs(self.random.within(40..400)),
            _ => now + Duration::from_millis(self.random.within(1..30_000)),
        };
        Operation::Step { to: to.max(now) }
    }

    /// The same send twice, with at most one message left today, at the same time as an operation that frees or uses
    /// one.
    pub(crate) async fn twins(&mut self) -> Result<Vec<Operation>, String> {
        let Some(room) = self.some_room() else { return Ok(vec![self.any()]) };
        let left = i32::from(!self.random.one_in(4));
        let used = (LIMITS.of(self.model.tier()) - left).max(self.model.used_today());
        self.perform(vec![Operation::Spend { used }]).await?;
        let twin = Operation::Send { room, text: self.text("twin"), key: Some(self.text("key").replace(' ', "-")) };
        let other = self.some_room().unwrap_or(room);
        let third = match (self.random.within(0..6), &twin) {
            (0 | 1, _) => Operation::Delete { room },
            (2, _) => Operation::Delete { room: other },
            (3, Operation::Send { text, key, .. }) => {
                Operation::Send { room: other, text: text.clone(), key: key.clone() }
            }
            (4, _) => {
                self.some_turn(other, false).map_or(Operation::List, |named| Operation::Cancel { room: other, named })
            }
            _ => Operation::Send { room: other, text: self.text("question"), key: None },
        };
        let mut operations = vec![twin.clone(), twin, third];
        operations.rotate_left(usize::try_from(self.random.within(0..3)).unwrap_or_default());
        Ok(operations)
    }

    /// Several operations at once, most of them in one room.
    pub(crate) fn racing(&mut self) -> Vec<Operation> {
        let Some(room) = self.some_room() else { return vec![self.any()] };
        if self.random.one_in(4) {
            let many = self.random.within(3..10);
            let mut burst = Vec::new();
            for _ in 0..many {
                let room = self.some_room().unwrap_or(room);
                burst.push(Operation::Send { room, text: self.text("burst"), key: None });
            }
            return burst;
        }
        let mut operations: Vec<Operation> = Vec::new();
        let first = match self.random.within(0..5) {
            0 => Operation::Delete { room },
            1 => self.some_turn(room, false).map_or(Operation::List, |message| Operation::Regenerate { room, message }),
            2 => self.a_finish().unwrap_or(Operation::List),
            _ => self.a_send(room),
        };
        if self.random.one_in(3) {
            operations.push(first.clone());
        }
        operations.push(first);
        while operations.len() < 2 || (operations.len() < 3 && self.random.one_in(2)) {
            let other = self.any_in(room);
            if !other.is_spread() {
                operations.push(other);
            }
        }
        operations
    }
}
