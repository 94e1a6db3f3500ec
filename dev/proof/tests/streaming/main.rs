//! A reply's stream in any order of what happens to it: attempts, overtaken and killed writers, repeated and broken-off
//! writes, cancels, losses of the stream, lost ends, and clients that come, leave and resume.
//!
//! The deployed parts are the attempt's publisher, the entries of Redis with their scripts, and what entries mean for a client
//! (`merge`, `catch_up`). The row, and when a stream looks at it, are modelled: that is tested through the router, in
//! `functions/reply-stream/tests`. What must hold: before the end a client's text is the beginning of one attempt's, its ids
//! only grow, there is one end for each, and then its text is the row's. `PROOF_SEED=74` runs one seed.

#![cfg(test)]

mod parts;

use std::time::Duration;

use gemini_worker::live::Live;
use proof::Random;
use reply_stream::text::{Change, catch_up, merge};
use shared::cache::{Cache, LiveEntry, LiveId, Published, newest_text};
use shared::domain::{ChatroomId, MessageId};
use testkit::Stack;

use crate::parts::{Client, Row, Writer};

const SEEDS: u64 = 1_000;
const STEPS: usize = 40;

struct World<'a> {
    stack: &'a Stack,
    cache: &'a Cache,
    room: ChatroomId,
    reply: MessageId,
    random: Random,
    row: Row,
    writers: Vec<Writer<'a>>,
    /// The texts of the attempts, the first one empty: before any attempt.
    texts: Vec<String>,
    clients: Vec<Client>,
    /// What a cancel has read, which it has not stored yet.
    cancelling: Option<String>,
}

impl<'a> World<'a> {
    fn new(stack: &'a Stack, cache: &'a Cache, seed: u64) -> Self {
        Self {
            stack,
            cache,
            room: ChatroomId::generate(),
            reply: MessageId::generate(),
            random: Random::of(seed),
            row: Row::default(),
            writers: Vec::new(),
            texts: vec![String::new()],
            clients: Vec::new(),
            cancelling: None,
        }
    }

    async fn step(&mut self) {
        match self.random.within(0..22) {
            0 | 1 => self.claim(),
            2..=6 => self.write().await,
            7 => self.break_off().await,
            8 => self.repeat().await,
            9 => self.lose().await,
            10 => self.postpone().await,
            11 if self.random.one_in(2) => self.finish(),
            12 if self.random.one_in(2) => self.cancel().await,
            13 => self.clients.push(Client::default()),
            14 => self.leave(),
            15 => self.go_on(false).await,
            16 => self.tell().await,
            _ => self.go_on(true).await,
        }
    }

    /// A worker claims the reply; the one before is overtaken.
    fn claim(&mut self) {
        if self.row.end.is_some() || self.writers.len() > 4 {
            return;
        }
        self.row.attempt += 1;
        let words = ["Tea ", "is ", "gut für ", "jeden ", "🍵 ", "\u{2028}", "e\u{301}"];
        let length = self.random.within(1..30);
        let text: String =
            (0..length).map(|_| *self.random.choose(&words).unwrap()).chain([&*self.row.attempt.to_string()]).collect();
        self.texts.push(text.clone());
        let live = Live::of(self.cache, self.reply, i32::try_from(self.row.attempt).unwrap());
        self.writers.push(Writer { live, text, read: 0, is_stopped: false });
    }

    fn writer(&mut self) -> Option<usize> {
        let running: Vec<_> = (0..self.writers.len()).filter(|at| !self.writers[*at].is_stopped).collect();
        self.random.choose(&running).copied()
    }

    /// A writer reads some text, and publishes what is new.
    async fn write(&mut self) {
        let Some(at) = self.writer() else { return };
        let more = usize::try_from(self.random.within(0..12)).unwrap();
        let writer = &mut self.writers[at];
        writer.read = writer.text.ceil_char_boundary(writer.read + more).min(writer.text.len());
        writer.live.pad.put(&writer.text[..writer.read]);
        let published = writer.live.publisher.publish().await.unwrap();
        writer.is_stopped = matches!(published, Published::Ended | Published::Overtaken);
        assert!(!writer.is_stopped || at + 1 < self.row.attempt || self.row.end.is_some(), "stopped without a reason");
    }

    /// A write is broken off: whether it arrived, the writer does not know.
    async fn break_off(&mut self) {
        let Some(at) = self.writer() else { return };
        let writer = &mut self.writers[at];
        writer.read = writer.text.ceil_char_boundary(writer.read + 5).min(writer.text.len());
        writer.live.pad.put(&writer.text[..writer.read]);
        let patience = Duration::from_micros(self.random.within(0..300));
        let _ = tokio::time::timeout(patience, writer.live.publisher.publish()).await;
    }

    /// An old write arrives once more.
    async fn repeat(&mut self) {
        let before = self.entries().await;
        let Some(entry) = self.random.choose(&before).cloned() else { return };
        self.cache.publish(self.reply, &entry).await.unwrap();
        assert_eq!(self.entries().await, before);
    }

    /// Redis loses the stream.
    async fn lose(&mut self) {
        if self.random.one_in(3) && !self.entries().await.is_empty() {
            self.stack.forget("live", &self.reply.to_string()).await;
        }
    }

    /// The newest attempt fails, and another one follows.
    async fn postpone(&mut self) {
        let Some(writer) = self.writers.last_mut().filter(|writer| !writer.is_stopped) else { return };
        if self.row.end.is_none() {
            writer.live.publisher.wait_for_another().await;
            writer.is_stopped = true;
        }
    }

    /// Some attempt ends. The row takes the end of the newest one only.
    fn finish(&mut self) {
        let Some(at) = self.writer() else { return };
        self.writers[at].is_stopped = true;
        if self.row.end.is_some() || at + 1 != self.row.attempt {
            return;
        }
        self.end_row(self.writers[at].text.clone());
    }

    /// A cancel reads what was published, and stores it with the end later: anything may happen in between.
    async fn cancel(&mut self) {
        match self.cancelling.take() {
            None => {
                self.cancelling = Some(newest_text(&self.entries().await).map(|(_, text)| text).unwrap_or_default());
            }
            Some(text) if self.row.end.is_none() => self.end_row(text),
            Some(_) => {}
        }
    }

    /// Stores the end. Those who watch are told of it by another step.
    fn end_row(&mut self, text: String) {
        self.row.end = Some(text);
        // Otherwise the process dies before.
        self.row.is_untold = !self.random.one_in(4);
    }

    async fn tell(&mut self) {
        if std::mem::take(&mut self.row.is_untold) {
            self.cache.reply_ended(self.room, self.reply).await.unwrap();
        }
    }

    async fn entries(&self) -> Vec<LiveEntry> {
        self.cache.live_entries(self.reply).await.unwrap()
    }

    fn client(&mut self, is_connected: bool) -> Option<usize> {
        let fitting: Vec<_> = (0..self.clients.len())
            .filter(|at| self.clients[*at].ends == 0 && self.clients[*at].seen.is_some() == is_connected)
            .collect();
        self.random.choose(&fitting).copied()
    }

    async fn go_on(&mut self, is_connected: bool) {
        match self.client(is_connected) {
            Some(at) if is_connected => self.read(at).await,
            Some(at) => self.resume(at).await,
            None => {}
        }
    }

    fn leave(&mut self) {
        if let Some(at) = self.client(true) {
            self.clients[at].seen = None;
        }
    }

    /// A client opens a stream, with what it has. Redis may be away then.
    async fn resume(&mut self, at: usize) {
        let entries = if self.random.one_in(8) { None } else { Some(self.entries().await) };
        let last = self.clients[at].last;
        if self.row.end.is_some() {
            return self.end(at);
        }
        let (seen, change) = catch_up(entries.as_deref(), last, u64::try_from(self.row.attempt).unwrap());
        self.clients[at].seen = Some(seen);
        match change {
            Some(change) => self.apply(at, seen, &change),
            None if seen == LiveId::START => self.clients[at].text.clear(),
            None => {}
        }
    }

    /// A connected client gets what is new, or its stream looks at the row after a silence.
    async fn read(&mut self, at: usize) {
        let seen = self.clients[at].seen.unwrap();
        if self.entries().await.iter().all(|entry| entry.id <= seen) {
            if self.row.end.is_some() {
                self.end(at);
            }
            return;
        }
        let mut follower = self.cache.follower(self.reply);
        let entries = follower.next(seen, Duration::from_secs(5)).await.unwrap();
        let (id, change) = merge(&entries).expect("entries");
        self.clients[at].seen = Some(id);
        self.apply(at, id, &change);
    }

    fn apply(&mut self, at: usize, id: LiveId, change: &Change) {
        let client = &mut self.clients[at];
        assert!(client.last.is_none_or(|last| last < id), "{id} after {:?}", client.last);
        match change {
            Change::Snapshot(snapshot) => client.text.clone_from(&snapshot.content),
            Change::Delta(delta) => client.text.push_str(&delta.content),
            Change::End => return self.end(at),
        }
        client.last = Some(id);
        let attempt = usize::try_from(id.attempt).unwrap();
        assert!(self.texts[attempt].starts_with(&client.text), "{:?} is not of attempt {attempt}", client.text);
    }

    fn end(&mut self, at: usize) {
        let text = self.row.end.clone().expect("an end that was told is stored");
        let client = &mut self.clients[at];
        (client.text, client.last, client.seen) = (text, Some(LiveId::END), None);
        client.ends += 1;
        assert_eq!(client.ends, 1);
    }
}

async fn run(stack: &Stack, cache: &Cache, seed: u64) {
    let mut world = World::new(stack, cache, seed);
    for _ in 0..STEPS {
        world.step().await;
    }
    // Whatever has happened, the reply ends, and everybody who comes back has it.
    if world.row.end.is_none() {
        world.claim();
        world.end_row(world.texts.last().cloned().unwrap());
    }
    world.tell().await;
    let end = world.row.end.clone().unwrap();
    for at in 0..world.clients.len() {
        // What is in the stream, the end if it was told, and the row.
        for _ in 0..3 {
            match &world.clients[at] {
                Client { ends: 0, seen: Some(_), .. } => world.read(at).await,
                Client { ends: 0, .. } => world.resume(at).await,
                _ => break,
            }
        }
        let client = &world.clients[at];
        assert_eq!((client.ends, &client.text), (1, &end), "client {at}");
    }
}

#[expect(clippy::disallowed_methods, reason = "the environment says which seeds run")]
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap())
}

#[tokio::test]
async fn in_every_order_a_client_has_the_beginning_of_one_attempt_and_then_the_rows_text() {
    let stack = Stack::start().await;
    let cache = stack.cache();
    let seeds = match number("PROOF_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("PROOF_SEEDS").unwrap_or(SEEDS),
    };
    for seed in seeds {
        println!("PROOF_SEED={seed}");
        run(&stack, &cache, seed).await;
    }
}
