//! One seed: a user, the operations of the user and the workers, and the comparison of rows and responses with the
//! model.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use proof::Random;
use serde_json::{Value, json};
use shared::auth::Grant;
use shared::db::replies::{self, Claim, Outcome};
use shared::db::sessions::NewSession;
use shared::db::users::{self, Profile};
use shared::domain::{ChatroomId, FreeCancels, MessageId, Mobile, ReplyError, ReplyState, SessionId, Timestamp};
use testkit::User;
use time::Date;
use tokio_postgres::Row;

use crate::lane::{BOUNDS, LIMITS, Lane};
use crate::model::{Model, Room, Turn};
use crate::operation::{Answer, Claimed, Held, Operation, Seen};
use crate::rule::{FREE, Ledger};

const LEASE: Duration = Duration::from_secs(45);
const ENOUGH: i64 = 1_000_000;

pub(crate) struct World<'a> {
    lane: &'a Lane,
    random: Random,
    mobile: Mobile,
    model: Model,
    /// Claimed attempts, the latest last. Old ones are kept, since their writes may come late.
    held: Vec<Held>,
    keys: Vec<(ChatroomId, String, String)>,
    texts: u32,
    trail: Vec<String>,
}

/// Runs a seed. An error lists what was done and where it went wrong.
pub(crate) async fn run(lane: &Lane, seed: u64) -> Result<(), String> {
    let mut world = World::new(lane, seed);
    let steps = world.random.within(8..22);
    let done = async {
        world.perform(vec![Operation::Join]).await?;
        for _ in 0..steps {
            world.step().await?;
        }
        world.drain().await
    }
    .await;
    done.map_err(|problem: String| format!("{}\n{problem}", world.trail.join("\n")))
}

impl<'a> World<'a> {
    fn new(lane: &'a Lane, seed: u64) -> Self {
        let mut random = Random::of(seed);
        // A random time within 30 days, in milliseconds.
        let start = 1_795_435_200_000 + i64::try_from(random.within(0..30 * 86_400_000)).unwrap();
        let now = Timestamp::from_unix_millis(start).unwrap();
        lane.set_clock(now);
        let mobile = Mobile::parse(&format!("+1{:010}", 2_000_000_000 + seed % 1_000_000_000)).unwrap();
        let model = Model {
            now,
            limits: LIMITS,
            bounds: BOUNDS,
            account: None,
            gone: Vec::new(),
            pro_until: None,
            rooms: Vec::new(),
            ledger: Ledger::default(),
        };
        Self { lane, random, mobile, model, held: Vec::new(), keys: Vec::new(), texts: 0, trail: Vec::new() }
    }

    /// Runs one operation, or several at the same time, then compares the rows.
    async fn step(&mut self) -> Result<(), String> {
        if self.model.account.is_some() && self.random.one_in(12) {
            return self.misfortune().await;
        }
        let operations = match self.random.within(0..10) {
            _ if self.model.account.is_none() => self.coming_back(),
            0 | 1 => self.twins().await?,
            2 | 3 => self.racing(),
            4 => self.leaving(),
            _ => vec![self.any()],
        };
        self.perform(operations).await?;
        self.compare().await
    }

    async fn perform(&mut self, operations: Vec<Operation>) -> Result<(), String> {
        self.trail.push(format!("{} {operations:?}", self.model.now));
        let seen = join_all(operations.iter().map(|operation| self.execute(operation))).await;
        let models = self.possible(&operations, &seen)?;
        self.decide(models).await;
        for (operation, seen) in operations.iter().zip(&seen) {
            match (operation, seen) {
                (_, Seen::Claim(Claimed::Taken(held, _))) => self.held.push(*held),
                (Operation::Send { room, text, key: Some(key) }, Seen::Answer(_)) => {
                    self.keys.push((*room, text.clone(), key.clone()));
                }
                _ => {}
            }
        }
        self.sent(&operations, &seen)
    }

    /// The model after each order of the operations that explains the seen results.
    fn possible(&self, operations: &[Operation], seen: &[Seen]) -> Result<Vec<Model>, String> {
        let (mut models, mut refusals) = (Vec::new(), Vec::new());
        for order in orders(operations, seen) {
            let mut model = self.model.clone();
            match order.iter().try_for_each(|index| model.apply(&operations[*index], &seen[*index])) {
                Ok(()) => models.push(model),
                Err(refusal) => refusals.push(format!("in the order {order:?}: {refusal}")),
            }
        }
        if models.is_empty() { Err(format!("seen: {seen:?}\n{}", refusals.join("\n"))) } else { Ok(models) }
    }

    /// Continues with the first of several models that equals what is stored.
    async fn decide(&mut self, mut models: Vec<Model>) {
        while let Some(model) = models.pop() {
            self.model = model;
            if models.is_empty() || self.compare().await.is_ok() {
                break;
            }
        }
    }

    /// Checks that a pending reply was put on its queue, under its own id.
    fn sent(&self, operations: &[Operation], seen: &[Seen]) -> Result<(), String> {
        let queued: Vec<_> = self.lane.sqs.take().into_iter().filter_map(|sent| sent.once).collect();
        for (operation, seen) in operations.iter().zip(seen) {
            let (Operation::Send { .. } | Operation::Regenerate { .. }, Seen::Answer(answer)) = (operation, seen)
            else {
                continue;
            };
            let is_pending = answer.status == 202 && answer.text("/reply/state") == "pending";
            if is_pending && !queued.contains(&answer.text("/reply/id")) {
                return Err(format!("{operation:?} was not put on its queue"));
            }
        }
        Ok(())
    }

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

    fn text(&mut self, what: &str) -> String {
        self.texts += 1;
        format!("{what} {}", self.texts)
    }

    /// Several messages in a row that the model blocks or leaves without a text: the refunds of a day have a bound.
    async fn misfortune(&mut self) -> Result<(), String> {
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
    fn coming_back(&mut self) -> Vec<Operation> {
        match self.random.within(0..5) {
            0 => vec![self.a_step()],
            1 => vec![Operation::Join, Operation::Join],
            _ => vec![Operation::Join],
        }
    }

    /// The deletion of the account, alone or at the same time as others.
    fn leaving(&mut self) -> Vec<Operation> {
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

    fn any(&mut self) -> Operation {
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
    async fn twins(&mut self) -> Result<Vec<Operation>, String> {
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
    fn racing(&mut self) -> Vec<Operation> {
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

    async fn execute(&self, operation: &Operation) -> Seen {
        let (db, now) = (&self.lane.db, self.model.now);
        match operation {
            Operation::Create { title } => self.call(Method::POST, "", &[], json!({ "title": title })).await,
            Operation::Rename { room, title } => {
                self.call(Method::PATCH, &format!("/{room}"), &[], json!({ "title": title })).await
            }
            Operation::Delete { room } => self.call(Method::DELETE, &format!("/{room}"), &[], Value::Null).await,
            Operation::Send { room, text, key } => {
                let headers: Vec<_> = key.iter().map(|key| ("idempotency-key", key.as_str())).collect();
                self.call(Method::POST, &format!("/{room}/message"), &headers, json!({ "content": text })).await
            }
            Operation::Regenerate { room, message } => {
                self.call(Method::POST, &format!("/{room}/message/{message}/regenerate"), &[], Value::Null).await
            }
            Operation::Cancel { room, named } => {
                self.call(Method::POST, &format!("/{room}/message/{named}/cancel"), &[], Value::Null).await
            }
            Operation::List => self.call(Method::GET, "", &[], Value::Null).await,
            Operation::Read { room } => self.call(Method::GET, &format!("/{room}?limit=100"), &[], Value::Null).await,
            Operation::Claim { room, lease } => {
                Seen::Claim(match replies::claim(db, *room, *lease, now).await.unwrap() {
                    Claim::Claimed(attempt) => Claimed::Taken(
                        Held { reply: attempt.reply, number: attempt.number },
                        attempt.turns.into_iter().map(|turn| (turn.id, turn.content)).collect(),
                    ),
                    Claim::Wait(until) => Claimed::Wait(until),
                    Claim::Exhausted(reply, attempt) => Claimed::Exhausted(reply, attempt),
                    Claim::Idle => Claimed::Idle,
                })
            }
            Operation::Finish { held, state, text, is_answered } => {
                let end = outcome(*state, text, *is_answered);
                Seen::Done(replies::finish(db, held.reply, held.number, &end, now).await.unwrap())
            }
            Operation::Postpone { held, until, is_answered } => {
                let failed = outcome(ReplyState::Failed, "", *is_answered);
                Seen::Done(replies::postpone(db, held.reply, held.number, &failed, *until, now).await.unwrap())
            }
            Operation::KeepPartial { held, text } => {
                let partial = outcome(ReplyState::Cancelled, text, true);
                Seen::Done(replies::keep_partial(db, held.reply, held.number, &partial).await.unwrap())
            }
            Operation::Bury { reply } => Seen::Done(replies::bury(db, *reply, now).await.unwrap()),
            Operation::Sweep { due, nudged } => {
                let strays = replies::strays(db, *due, *nudged, ENOUGH).await.unwrap();
                let mut own: Vec<_> = strays
                    .into_iter()
                    .filter(|stray| self.model.rooms.iter().any(|room| room.id == stray.chatroom_id))
                    .map(|stray| stray.id)
                    .collect();
                own.sort();
                replies::nudged(db, &own, now).await.unwrap();
                Seen::Strays(own)
            }
            Operation::Step { to } => {
                self.lane.set_clock(*to);
                Seen::Nothing
            }
            Operation::Leave => self.leave().await,
            Operation::Join => self.join().await,
            Operation::Spend { used } => {
                let Some((user, _)) = self.model.account else { return Seen::Nothing };
                let sql = "insert into allowances (user_id, day, used) values ($1, $2, $3)
                    on conflict (user_id, day) do update set used = $3";
                self.lane.sql.execute(sql, &[&user, &self.model.now.day(), used]).await.unwrap();
                Seen::Nothing
            }
            Operation::Tier { pro_until } => {
                let Some((user, _)) = self.model.account else { return Seen::Nothing };
                let sql = "insert into customers (id, user_id, created_at, pro_until) values ($1, $1, now(), $2)
                    on conflict (user_id) do update set pro_until = $2";
                self.lane.sql.execute(sql, &[&user, pro_until]).await.unwrap();
                Seen::Nothing
            }
        }
    }

    async fn call(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Value) -> Seen {
        let nobody = self.lane.nobody.at(self.lane.router.clone());
        let token = self.model.account.map(|(user, session)| Grant::Session(user, session));
        let token = token.map_or_else(String::new, |grant| self.lane.tokens.issue(grant, self.model.now).unwrap());
        let user: User = nobody.with_token(&token);
        let answer = user.json(method, &format!("/chatroom{path}"), headers, body).await;
        Seen::Answer(Answer { status: answer.status(), body: answer.body() })
    }

    /// Compares the stored rows with the model's, and the allowance with the charged messages.
    async fn compare(&mut self) -> Result<(), String> {
        let sql = "select r.id as room, r.title, r.updated_at as active, m.* from chatrooms r
            left join lateral (select * from messages where chatroom_id = r.id offset 0) m on true where r.user_id = $1 order by r.id, m.seq";
        let days = "select day, used, refunded, called_off from allowances
            where user_id = $1 and (used, refunded, called_off) <> (0, 0, 0)";
        let Some((user, _)) = self.model.account else { return self.compare_past().await };
        let (of, sqls) = (&[&user as _], &self.lane.sql);
        let (rows, days) = tokio::join!(sqls.query(sql, of), sqls.query(days, of));
        let mut stored: Vec<Room> = Vec::new();
        for row in rows.map_err(|error| error.to_string())? {
            let id: ChatroomId = row.get("room");
            if stored.last().is_none_or(|room| room.id != id) {
                stored.push(Room { id, title: row.get("title"), updated_at: row.get("active"), turns: Vec::new() });
            }
            if let (Some(room), Some(_)) = (stored.last_mut(), row.get::<_, Option<MessageId>>("id")) {
                room.turns.push(turn(&row));
            }
        }
        let mut expected = self.model.rooms.clone();
        expected.sort_by_key(|room| room.id);
        if stored != expected {
            return Err(format!("stored:\n{stored:#?}\nexpected:\n{expected:#?}"));
        }
        let days: BTreeMap<_, _> = days.map_err(|error| error.to_string())?.iter().map(day).collect();
        let expected = self.model.ledger.rows();
        if days == expected { Ok(()) } else { Err(format!("allowances {days:?} instead of {expected:?}")) }
    }

    /// Compares what is kept of today for a number without an account, and that nothing else of it is left.
    async fn compare_past(&self) -> Result<(), String> {
        let sql = "select day, used, refunded, called_off from past_usage where mark = any($1) and day = $2";
        let (marks, today) = (self.lane.marks.of(&self.mobile), self.model.now.day());
        let rows = self.lane.sql.query(sql, &[&marks, &today]).await.map_err(|error| error.to_string())?;
        let kept: BTreeMap<_, _> = rows.iter().map(day).collect();
        let mut expected = self.model.ledger.rows();
        expected.retain(|day, _| *day == today);
        if kept == expected { Ok(()) } else { Err(format!("kept {kept:?} instead of {expected:?}")) }
    }

    /// Deletes the account, as its endpoint does.
    async fn leave(&self) -> Seen {
        let Some((user, _)) = self.model.account else { return Seen::Done(false) };
        let (lane, free) = (self.lane, FreeCancels(FREE));
        let marks = |mobile: &Mobile| lane.marks.of(mobile);
        let Some(deleted) = users::delete(&lane.db, user, free, marks, self.model.now).await.unwrap() else {
            return Seen::Done(false);
        };
        lane.cache.mark_revoked(&deleted.sessions).await.unwrap();
        lane.cache.rooms_written(user).await.unwrap();
        Seen::Done(true)
    }

    async fn join(&self) -> Seen {
        let (session, now) = (SessionId::generate(), self.model.now);
        let years = now + Duration::from_secs(5 * 365 * 86_400);
        let new = NewSession { id: session, refresh_hash: session.as_bytes(), user_agent: None, expires_at: years };
        let marks = self.lane.marks.of(&self.mobile);
        let profile = Profile::default();
        let user = users::sign_in(&self.lane.db, &self.mobile, &profile, &new, &marks, now).await.unwrap();
        Seen::Joined(user.id, session, user.used)
    }

    /// Lets workers run until no work is left, and checks that every reply has ended and is charged or refunded.
    async fn drain(&mut self) -> Result<(), String> {
        for room in self.model.rooms.iter().map(|room| room.id).collect::<Vec<_>>() {
            for turn in 0.. {
                if turn > 400 {
                    return Err(format!("{room} never becomes idle"));
                }
                let claimed = self.model.clone().claim(room, self.model.now + LEASE);
                self.perform(vec![Operation::Claim { room, lease: LEASE }]).await?;
                let next = match claimed {
                    Claimed::Idle => break,
                    Claimed::Wait(until) => Operation::Step { to: until },
                    Claimed::Exhausted(reply, number) => Operation::Finish {
                        held: Held { reply, number },
                        state: ReplyState::Failed,
                        text: String::new(),
                        is_answered: true,
                    },
                    Claimed::Taken(held, _) => {
                        let text = self.text("answer");
                        Operation::Finish { held, state: ReplyState::Completed, text, is_answered: true }
                    }
                };
                self.perform(vec![next]).await?;
            }
        }
        self.compare().await?;
        let unfinished = self.model.rooms.iter().flat_map(|room| &room.turns).find(|turn| !turn.state.is_final());
        unfinished.map_or(Ok(()), |turn| Err(format!("unfinished: {turn:?}")))
    }
}

/// The orders in which operations may have happened: all orders of a few; for a burst of sends the one that the
/// allowance shows.
fn orders(operations: &[Operation], seen: &[Seen]) -> Vec<Vec<usize>> {
    let all: Vec<usize> = (0..operations.len()).collect();
    if operations.len() > 3 {
        let mut order = all;
        order.sort_by_key(|index| match &seen[*index] {
            Seen::Answer(answer) if answer.status == 202 => (0, answer.allowance().1),
            _ => (1, 0),
        });
        return vec![order];
    }
    let mut orders = vec![Vec::new()];
    for _ in &all {
        orders = orders
            .into_iter()
            .flat_map(|order: Vec<usize>| {
                let rest: Vec<_> = all.iter().copied().filter(|index| !order.contains(index)).collect();
                rest.into_iter().map(move |index| [order.clone(), vec![index]].concat())
            })
            .collect();
    }
    orders
}

fn outcome(state: ReplyState, text: &str, reached_model: bool) -> Outcome {
    let failed = Outcome::failed(ReplyError::EmptyAnswer);
    Outcome { state, content: text.to_owned(), error: None, reached_model, ..failed }
}

/// A day with what it used, refunded and called off.
fn day(row: &Row) -> (Date, (i32, i32, i32)) {
    (row.get(0), (row.get(1), row.get(2), row.get(3)))
}

fn turn(row: &Row) -> Turn {
    Turn {
        id: row.get("id"),
        seq: row.get("seq"),
        content: row.get("content"),
        state: row.get("state"),
        in_reply_to: row.get("in_reply_to"),
        tier: row.get("tier"),
        charged_on: row.get("charged_on"),
        attempt: row.get("attempt"),
        reached: row.get("reached_model"),
        lease_until: row.get("lease_until"),
        retry_at: row.get("retry_at"),
        nudged_at: row.get("nudged_at"),
        created_at: row.get("created_at"),
        completed_at: row.get("completed_at"),
        key: row.get("idempotency_key"),
    }
}
