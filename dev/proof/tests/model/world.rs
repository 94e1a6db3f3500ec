//! One seed: a user, the operations of the user and the workers, and the comparison of rows and responses with the
//! model.

use std::time::Duration;

use futures_util::future::join_all;
use proof::Random;
use shared::domain::{ChatroomId, Mobile, ReplyState, Timestamp};

use crate::lane::{BOUNDS, LIMITS, Lane};
use crate::model::Model;
use crate::operation::{Claimed, Held, Operation, Seen};
use crate::rule::Ledger;

pub(crate) const LEASE: Duration = Duration::from_secs(45);

pub(crate) struct World<'a> {
    pub(crate) lane: &'a Lane,
    pub(crate) random: Random,
    pub(crate) mobile: Mobile,
    pub(crate) model: Model,
    /// Claimed attempts, the latest last. Old ones are kept, since their writes may come late.
    pub(crate) held: Vec<Held>,
    pub(crate) keys: Vec<(ChatroomId, String, String)>,
    pub(crate) texts: u32,
    pub(crate) trail: Vec<String>,
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

    pub(crate) async fn perform(&mut self, operations: Vec<Operation>) -> Result<(), String> {
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
