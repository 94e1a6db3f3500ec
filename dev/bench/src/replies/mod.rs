//! Replies: how long until the last of many is made, and their billed time.

mod arrivals;
mod queue;

use std::cell::RefCell;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::figures::ms;
use crate::lambda::{Lambda, Program};
use crate::work::{SLOW_QUESTION, records};
use crate::world::{ROOMS, World, open, send};
pub(crate) use arrivals::{Arrivals, measure as arriving};
use queue::Fifo;

/// Environments at once: the default of `ProConcurrency` in template.yaml.
const ENVIRONMENTS: usize = 20;
/// How long an environment that found nothing waits before it looks again.
const PAUSE: Duration = Duration::from_millis(2);

/// The figures of one run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Replies {
    pub(crate) messages: usize,
    pub(crate) batch: usize,
    /// Milliseconds from the delivery of the first record until the last reply was stored, cold starts included.
    pub(crate) last: f64,
    /// Milliseconds billed per reply, cold starts excluded.
    pub(crate) billed: f64,
    /// Invocations per reply.
    pub(crate) invocations: f64,
}

/// Makes the replies to 40 and 400 messages, in batches of 1 and 10. Prints one line per run.
pub(crate) async fn measure(world: &World) -> Vec<Replies> {
    println!(
        "\nReplies: messages in {ROOMS} rooms, Gemini takes 300 ms, at most {ENVIRONMENTS} environments, all cold; a FIFO \
        queue gives out one room's records first"
    );
    println!(
        "  {:>8}{:>7}{:>15}{:>23}{:>24}",
        "messages", "batch", "last reply ms", "billed ms per reply", "invocations per reply"
    );
    let mut measured = Vec::new();
    for messages in [ROOMS, 10 * ROOMS] {
        for batch in [1, 10] {
            let run = run(world, messages, batch).await;
            println!("  {messages:>8}{batch:>7}{:>15.0}{:>23.1}{:>24.2}", run.last, run.billed, run.invocations);
            measured.push(run);
        }
    }
    measured
}

async fn run(world: &World, messages: usize, batch: usize) -> Replies {
    let user = world.people.another().await;
    let rooms = open(&user, ROOMS).await;
    let mut queue = Fifo::default();
    for number in 0..messages {
        let room = &rooms[number % ROOMS];
        queue.put(room, send(&user, room, SLOW_QUESTION).await);
    }
    let (queue, program) = (RefCell::new(queue), world.program("gemini-worker"));
    let began = Instant::now();
    let billed = join_all((0..ENVIRONMENTS).map(|_| environment(&queue, &program, batch))).await.concat();
    let last = ms(began.elapsed());
    let made = "select count(*) from messages where user_id = $1 and role = 'assistant' and state = 'completed' and attempt = 1";
    let made: i64 = world.sql.query_one(made, &[&user.id]).await.expect("Postgres answers").get(0);
    assert_eq!(usize::try_from(made), Ok(messages), "every reply is made exactly once");
    let per_reply = |total: u32| f64::from(total) / f64::from(u32::try_from(messages).unwrap_or(u32::MAX));
    Replies {
        messages,
        batch,
        last,
        billed: per_reply(billed.iter().sum()),
        invocations: per_reply(u32::try_from(billed.len()).unwrap_or(u32::MAX)),
    }
}

/// Runs one environment, started with its first batch. Returns the billed milliseconds of each invocation.
async fn environment(queue: &RefCell<Fifo>, program: &Program, most: usize) -> Vec<u32> {
    let (mut lambda, mut billed) = (None, Vec::new());
    loop {
        let batch = queue.borrow_mut().receive(most);
        if batch.is_empty() {
            if queue.borrow().is_empty() {
                return billed;
            }
            tokio::time::sleep(PAUSE).await;
            continue;
        }
        let lambda = match &mut lambda {
            Some(lambda) => lambda,
            none => none.insert(Lambda::start(program, None).await),
        };
        let all_made = |answer: &Value| answer["batchItemFailures"] == json!([]);
        let took = lambda.succeed(records(&batch), all_made).await;
        billed.push(u32::try_from(took.as_micros().div_ceil(1000)).unwrap_or(u32::MAX));
        queue.borrow_mut().done(&batch);
    }
}
