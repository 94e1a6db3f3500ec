//! Measures what a Lambda user pays for, on the deployed programs: `dev/bench/run`.
//!
//! - [`lambda`] runs a function as Lambda does; [`world`] has the stores and users; [`work`] has the events.
//! - [`starts`], [`requests`], [`connections`], [`shares`], [`replies`], [`streaming`] and [`growth`] measure and print;
//!   [`figures`] computes medians.
//! - [`cost`] and [`goals`] print the costs, and which goals are met.

#![expect(clippy::expect_used, clippy::panic, reason = "a measurement that cannot continue says why")]

mod connections;
mod cost;
mod figures;
mod goals;
mod growth;
mod lambda;
mod pen;
mod replies;
mod requests;
mod shares;
mod starts;
mod streaming;
mod work;
mod world;

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use world::World;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [lambda::JOIN, group, stamp, bootstrap] => {
            eprintln!("{}", lambda::join(Path::new(group), Path::new(stamp), Path::new(bootstrap)));
            ExitCode::FAILURE
        }
        [manifest] => {
            let lost = measure(Path::new(manifest));
            for goal in &lost {
                println!("No longer met: {goal}");
            }
            if lost.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        _ => {
            eprintln!("usage: bench MANIFEST (see dev/bench/run)");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn measure(manifest: &Path) -> Vec<String> {
    let manifest = std::fs::read(manifest).expect("a manifest of the built programs");
    let world = World::start(serde_json::from_slice(&manifest).expect("a manifest of the built programs")).await;
    let began = Instant::now();
    println!("\nOn {}; absolute times are this machine's, loopback only", world.machine().await);
    let starts = starts::measure(&world).await;
    let requests = requests::measure(&world).await;
    let firsts = connections::measure(&world).await;
    let shares = shares::measure(&world).await;
    let replies = replies::measure(&world).await;
    let arriving = replies::arriving(&world).await;
    let streaming = streaming::measure(&world).await;
    let first_tokens = streaming::first_tokens(&world).await;
    growth::measure(&world).await;
    cost::print(&world, &requests, &shares, &replies, &streaming);
    let lost = goals::print(&starts, &requests, &firsts, &replies, &arriving, &streaming, &first_tokens);
    println!("\nMeasured in {:.0} s", began.elapsed().as_secs_f64());
    lost
}
