//! Cost: AWS' prices times the measured figures.

use scale::usd;

use crate::replies::Replies;
use crate::requests::Requests;
use crate::shares::{COMPARED, SIZES, Shares};
use crate::streaming::Streaming;
use crate::work::Work;
use crate::world::World;

/// How long Gemini writes an answer of the usual length.
const WATCHED_MS: f64 = 10_000.0;
/// The endpoints that an app calls.
const ENDPOINTS: [Work; 12] = [
    Work::SendOtp,
    Work::VerifyOtp,
    Work::Login,
    Work::Refresh,
    Work::Me,
    Work::ListHit,
    Work::CreateRoom,
    Work::GetRoom,
    Work::Messages,
    Work::Message,
    Work::Send,
    Work::SubscriptionStatus,
];

/// The cost of a million, in USD.
#[derive(Debug, Clone, Copy, Default)]
struct Bill {
    memory_mb: u32,
    billed_ms: f64,
    gateway: f64,
    invocations: f64,
    queue: f64,
    logs: f64,
}

impl Bill {
    fn duration(self, gb_second: f64) -> f64 {
        self.billed_ms * 1e3 * f64::from(self.memory_mb) / 1024.0 * gb_second
    }

    fn total(self, gb_second: f64) -> f64 {
        self.gateway + self.invocations + self.duration(gb_second) + self.queue + self.logs
    }
}

/// Prints one line per endpoint and per run of replies, and the cost in other memory sizes.
pub(crate) fn print(world: &World, requests: &Requests, shares: &Shares, replies: &[Replies], streaming: &Streaming) {
    println!(
        "\nCost: USD per million, us-east-1, list prices of November 2026, nothing free; billed ms are the p50 in the size \
        that is deployed;\n  without Postgres, Redis, text messages and Gemini's tokens; arm64 at its price for the same time"
    );
    println!(
        "  {:<28}{:>6}{:>11}{:>9}{:>13}{:>10}{:>8}{:>7}{:>8}{:>8}",
        "", "MB", "billed ms", "gateway", "invocations", "duration", "queues", "logs", "x86", "arm64"
    );
    for work in ENDPOINTS {
        let memory_mb = world.programs[work.names().0].memory_mb;
        let request = &requests[&work];
        let p50 = shares.get(&(work, memory_mb)).map_or(request.p50, |share| share.p50);
        let queue = if work == Work::SendOtp { usd::STANDARD_MILLION } else { usd::FIFO_MILLION };
        line(
            work.names().1,
            Bill {
                memory_mb,
                billed_ms: p50.ceil(),
                gateway: usd::GATEWAY_MILLION,
                invocations: usd::INVOCATIONS_MILLION,
                queue: f64::from(u32::try_from(request.trips.sqs).unwrap_or_default()) * queue,
                logs: request.logged / 1e3 * usd::LOGS_GB,
            },
        );
    }
    let memory_mb = world.programs["gemini-worker"].memory_mb;
    for run in replies {
        line(
            &format!("a reply of {}, batch {}", run.messages, run.batch),
            Bill {
                memory_mb,
                billed_ms: run.billed,
                gateway: 0.0,
                invocations: run.invocations * usd::INVOCATIONS_MILLION,
                // One call receives a batch and another deletes it.
                queue: run.invocations * 2.0 * usd::FIFO_MILLION,
                logs: requests[&Work::Reply].logged / 1e3 * usd::LOGS_GB,
            },
        );
    }
    line(
        "a watched reply of 10 s",
        Bill {
            memory_mb: world.programs["reply-stream"].memory_mb,
            billed_ms: WATCHED_MS + streaming.over,
            // A function URL costs nothing, and the first 6 MB of a response are streamed for nothing.
            gateway: 0.0,
            invocations: usd::INVOCATIONS_MILLION,
            queue: 0.0,
            logs: streaming.logged / 1e3 * usd::LOGS_GB,
        },
    );
    sizes(shares);
}

fn line(name: &str, bill: Bill) {
    println!(
        "  {name:<28}{:>6}{:>11.1}{:>9.2}{:>13.2}{:>10.2}{:>8.2}{:>7.2}{:>8.2}{:>8.2}",
        bill.memory_mb,
        bill.billed_ms,
        bill.gateway,
        bill.invocations,
        bill.duration(usd::GB_SECOND_X86),
        bill.queue,
        bill.logs,
        bill.total(usd::GB_SECOND_X86),
        bill.total(usd::GB_SECOND_ARM)
    );
}

fn sizes(shares: &Shares) {
    if shares.is_empty() {
        return;
    }
    println!("  {:<28}{}", "duration alone, x86, with MB", SIZES.map(|size| format!("{size:>9}")).concat());
    for work in COMPARED {
        let of = |memory_mb| {
            let billed_ms = shares[&(work, memory_mb)].p50.ceil();
            format!("{:>9.2}", Bill { memory_mb, billed_ms, ..Bill::default() }.duration(usd::GB_SECOND_X86))
        };
        println!("  {:<28}{}", work.names().1, SIZES.map(of).concat());
    }
}
