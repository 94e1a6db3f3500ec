//! What a Lambda user pays for, measured on the programs that are deployed: `dev/bench/run`.
//!
//! - [`lambda`] runs a function as Lambda does; [`world`] is what it stands on; [`work`] is what it is asked.
//! - [`starts`], [`requests`], [`shares`], [`replies`] and [`growth`] measure and print; [`figures`] are medians.
//! - [`cost`] and [`goals`] say what it comes to.

#![expect(clippy::expect_used, clippy::panic, reason = "a measurement that cannot go on says why")]

mod cost;
mod figures;
mod goals;
mod growth;
mod lambda;
mod replies;
mod requests;
mod shares;
mod starts;
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
            measure(Path::new(manifest));
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("usage: bench MANIFEST (see dev/bench/run)");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn measure(manifest: &Path) {
    let manifest = std::fs::read(manifest).expect("the list of what was built");
    let world = World::start(serde_json::from_slice(&manifest).expect("the list of what was built")).await;
    let began = Instant::now();
    println!("\nOn {}; absolute times are this machine's, loopback only", world.machine().await);
    let starts = starts::measure(&world).await;
    let requests = requests::measure(&world).await;
    let shares = shares::measure(&world).await;
    let replies = replies::measure(&world).await;
    growth::measure(&world).await;
    cost::print(&world, &requests, &shares, &replies);
    goals::print(&starts, &requests, &replies);
    println!("\nMeasured in {:.0} s", began.elapsed().as_secs_f64());
}
