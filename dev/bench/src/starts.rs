//! Starts: the time until a new process first asks for an event, and until its first response. No store is reached.

use serde_json::json;
use testkit::event;

use crate::figures::{mb, median_of, ms};
use crate::lambda::{Lambda, Program};
use crate::world::{Built, World};

/// How often each function is started.
pub(crate) const STARTS: usize = 40;

/// The figures of one function.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) name: String,
    pub(crate) built: Built,
    /// Milliseconds until it asks for an event.
    ready: f64,
    /// The same, as a multiple of what `hello` took right before.
    pub(crate) times_hello: f64,
    /// Milliseconds until the first response.
    answered: f64,
    /// Milliseconds of processor time until it asks for an event.
    cpu: f64,
}

#[derive(Debug)]
struct Sample {
    /// What `hello` took right before, in milliseconds.
    hello: f64,
    ready: f64,
    answered: f64,
    cpu: f64,
}

/// Starts the functions in turns, so that other load on the machine affects all equally. Prints one line per function,
/// the baseline first. What ran before leaves the processor warm or cold: so `hello` runs before each, once to warm it and
/// once to compare with.
pub(crate) async fn measure(world: &World) -> Vec<Start> {
    let mut names: Vec<_> = world.programs.keys().filter(|name| *name != "bare").collect();
    names.sort_by_key(|name| (*name != "hello", name.as_str()));
    let mut samples: Vec<Vec<Sample>> = names.iter().map(|_| Vec::new()).collect();
    for _ in 0..STARTS {
        for (name, samples) in names.iter().zip(&mut samples) {
            let hello = world.program("hello");
            start(&hello, 0.0).await;
            let hello = start(&hello, 0.0).await.ready;
            samples.push(start(&world.program(name), hello).await);
        }
    }
    let starts: Vec<_> = names.into_iter().zip(samples).map(|(name, of)| summary(world, name, &of)).collect();
    print(&starts);
    starts
}

fn summary(world: &World, name: &str, samples: &[Sample]) -> Start {
    Start {
        name: name.to_owned(),
        built: world.programs[name].clone(),
        ready: median_of(samples, |sample| sample.ready),
        times_hello: median_of(samples, |sample| sample.ready / sample.hello),
        answered: median_of(samples, |sample| sample.answered),
        cpu: median_of(samples, |sample| sample.cpu),
    }
}

fn print(starts: &[Start]) {
    println!("\nStarts: medians of {STARTS}; no store is reached, the time to bring the environment up is AWS's own");
    println!(
        "  {:<16}{:>11}{:>8}{:>15}{:>9}{:>17}{:>9}",
        "function", "binary MB", "zip MB", "first poll ms", "× hello", "first answer ms", "CPU ms"
    );
    for start in starts {
        println!(
            "  {:<16}{:>11.2}{:>8.2}{:>15.2}{:>9.2}{:>17.2}{:>9.2}",
            start.name,
            mb(start.built.binary_bytes),
            mb(start.built.zip_bytes),
            start.ready,
            start.times_hello,
            start.answered,
            start.cpu
        );
    }
}

async fn start(program: &Program, hello: f64) -> Sample {
    let mut lambda = Lambda::start(program, None).await;
    let (ready, cpu) = (ms(lambda.ready()), ms(lambda.usage().cpu));
    let invocation = lambda.invoke(cheapest(&program.name)).await;
    Sample { hello, ready, answered: ready + ms(invocation.took), cpu }
}

/// An event that the function handles without a store.
fn cheapest(function: &str) -> String {
    match function {
        "gemini-worker" | "otp-sender" => json!({ "Records": [] }).to_string(),
        "maintenance" => json!({ "task": "nothing" }).to_string(),
        "migrate" => json!({ "RequestType": "Nothing" }).to_string(),
        _ => event("ops-health", &[("\"/health\"", "\"/nowhere\"")]),
    }
}
