//! The same requests, limited to the processor share that Lambda gives a function of its size.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::figures::{median, ms, percentile};
use crate::lambda::{Lambda, Quota};
use crate::work::{self, Work};
use crate::world::World;

/// Starts, and warm requests of each kind.
const STARTS: usize = 10;
const ROUNDS: usize = 40;
/// Memory sizes that are compared, in megabytes.
pub(crate) const SIZES: [u32; 4] = [128, 256, 512, 1024];
/// Work that is compared in all sizes.
pub(crate) const COMPARED: [Work; 5] = [Work::ListHit, Work::Me, Work::Send, Work::SendOtp, Work::Reply];

/// The figures of one kind of work in one size, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Share {
    ready: f64,
    /// From the start to the first response.
    answered: f64,
    pub(crate) p50: f64,
    p99: f64,
}

/// By kind of work and megabytes; empty if this machine does not allow setting a quota.
pub(crate) type Shares = HashMap<(Work, u32), Share>;

/// Does all work in the deployed size, and some of it in all sizes. Prints one line per kind of work.
pub(crate) async fn measure(world: &World) -> Shares {
    let mut shares = Shares::new();
    if Quota::of(SIZES[0]).is_none() {
        println!("\nProcessor shares: not measured, this machine cannot create a control group (run as root)");
        return shares;
    }
    println!(
        "\nProcessor shares: a control group gives each function what Lambda gives its size ({STARTS} starts, {ROUNDS} \
        requests); times step by the group's 20 ms"
    );
    println!(
        "  {:<28}{:>7}{:>15}{:>17}{:>9}{:>9}",
        "as deployed", "MB", "first poll ms", "first answer ms", "p50 ms", "p99 ms"
    );
    for work in work::ALL {
        let memory = world.programs[work.names().0].memory_mb;
        let share = one(world, work, memory).await;
        println!(
            "  {:<28}{memory:>7}{:>15.1}{:>17.1}{:>9.2}{:>9.2}",
            work.names().1,
            share.ready,
            share.answered,
            share.p50,
            share.p99
        );
        shares.insert((work, memory), share);
    }
    println!("  {:<28}{}", "p50 ms with MB", SIZES.map(|size| format!("{size:>9}")).concat());
    for work in COMPARED {
        for size in SIZES {
            if let Entry::Vacant(missing) = shares.entry((work, size)) {
                missing.insert(one(world, work, size).await);
            }
        }
        let line = SIZES.map(|size| format!("{:>9.2}", shares[&(work, size)].p50)).concat();
        println!("  {:<28}{line}", work.names().1);
    }
    shares
}

async fn one(world: &World, work: Work, memory: u32) -> Share {
    let program = world.program(work.names().0);
    let (mut number, mut ready, mut answered, mut warm) = (0, Vec::new(), Vec::new(), Vec::new());
    let rounds = ROUNDS.min(2 * work.times());
    for start in 0..=STARTS {
        let quota = Quota::of(memory).expect("a control group, as before");
        let mut lambda = Lambda::start(&program, Some(&quota)).await;
        // The last process continues with the warm requests.
        let times = if start == STARTS { rounds } else { 1 };
        for time in 0..times {
            number += 1;
            let event = work.event(world, number).await;
            let took = ms(lambda.succeed(event, |answer| work.is_done(answer)).await);
            if time == 0 {
                ready.push(ms(lambda.ready()));
                answered.push(ms(lambda.ready()) + took);
            } else {
                warm.push(took);
            }
        }
    }
    Share { ready: median(&ready), answered: median(&answered), p50: median(&warm), p99: percentile(&warm, 99) }
}
