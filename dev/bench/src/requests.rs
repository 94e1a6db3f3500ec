//! Requests: the first request of a new process, and the same request in a warm process.

use std::collections::HashMap;

use crate::figures::{mb, median, ms, percentile, us};
use crate::lambda::Lambda;
use crate::starts::STARTS;
use crate::work::{self, Work};
use crate::world::{Trips, World};

/// Requests made before anything is counted.
const WARM_UP: usize = 3;
/// Requests made at the beginning of each turn, before anything is counted.
const AGAIN: usize = 10;
/// Warm turns of each kind of work. A turn is a hundred requests, or fewer if they are slow.
const TURNS: usize = 3;
/// Requests whose round trips are counted.
const COUNTED: usize = 5;

/// The figures of one kind of work.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Milliseconds of the first request in a new process, connections included.
    pub(crate) first: f64,
    /// Milliseconds of processor time of the same request.
    first_cpu: f64,
    pub(crate) p50: f64,
    p99: f64,
    /// Microseconds of processor time.
    pub(crate) cpu: f64,
    /// Microseconds of processor time of Postgres and Redis.
    pub(crate) stores: f64,
    /// Peak resident memory, in megabytes.
    pub(crate) memory: f64,
    pub(crate) trips: Trips,
    /// Bytes logged.
    pub(crate) logged: f64,
}

/// The figures of all kinds of work.
pub(crate) type Requests = HashMap<Work, Request>;

/// One kind of work while it is measured.
struct Meter {
    work: Work,
    number: usize,
    first: Vec<f64>,
    first_cpu: Vec<f64>,
    took: Vec<f64>,
    cpu: Vec<f64>,
    stores: Vec<f64>,
    logged: Vec<f64>,
    trips: Vec<Trips>,
    memory: f64,
}

/// Does all kinds of work in turns, so that other load on the machine affects all equally. Prints one line per kind.
pub(crate) async fn measure(world: &World) -> Requests {
    let mut meters: Vec<_> = work::ALL.into_iter().map(Meter::new).collect();
    for _ in 0..STARTS {
        for meter in &mut meters {
            let mut lambda = Lambda::start(&world.program(meter.work.names().0), None).await;
            meter.first(world, &mut lambda).await;
        }
    }
    let mut lambdas = Vec::new();
    for meter in &mut meters {
        let mut lambda = Lambda::start(&world.program(meter.work.names().0), None).await;
        for _ in 0..WARM_UP {
            meter.invoke(world, &mut lambda).await;
        }
        lambdas.push(lambda);
    }
    for _ in 0..TURNS {
        for (meter, lambda) in meters.iter_mut().zip(&mut lambdas) {
            meter.turn(world, lambda).await;
        }
    }
    for (meter, lambda) in meters.iter_mut().zip(&mut lambdas) {
        meter.count(world, lambda).await;
    }
    let requests = meters.into_iter().map(|meter| (meter.work, meter.summary())).collect();
    print(&requests);
    requests
}

impl Meter {
    fn new(work: Work) -> Self {
        let (first, first_cpu, took, cpu, stores, logged, trips) = Default::default();
        Self { work, number: 0, first, first_cpu, took, cpu, stores, logged, trips, memory: 0.0 }
    }

    async fn event(&mut self, world: &World) -> String {
        self.number += 1;
        self.work.event(world, self.number).await
    }

    async fn invoke(&mut self, world: &World, lambda: &mut Lambda) -> f64 {
        let event = self.event(world).await;
        ms(lambda.succeed(event, |answer| self.work.is_done(answer)).await)
    }

    async fn first(&mut self, world: &World, lambda: &mut Lambda) {
        let event = self.event(world).await;
        let used = lambda.usage().cpu;
        self.first.push(ms(lambda.succeed(event, |answer| self.work.is_done(answer)).await));
        self.first_cpu.push(ms(lambda.usage().cpu.saturating_sub(used)));
    }

    async fn turn(&mut self, world: &World, lambda: &mut Lambda) {
        let mut events = Vec::new();
        for _ in 0..self.work.times() {
            events.push(self.event(world).await);
        }
        for _ in 0..AGAIN.min(self.work.times() - 1) {
            self.invoke(world, lambda).await;
        }
        let (used, stores, logged) = (lambda.usage().cpu, world.stores_cpu().await, lambda.logged());
        for event in events {
            self.took.push(ms(lambda.succeed(event, |answer| self.work.is_done(answer)).await));
        }
        let (usage, times) = (lambda.usage(), u32::try_from(self.work.times()).unwrap_or(u32::MAX));
        self.cpu.push(us(usage.cpu.saturating_sub(used)) / f64::from(times));
        let stores = world.stores_cpu().await.saturating_sub(stores);
        self.stores.push(us(stores) / f64::from(times));
        self.memory = mb(usage.peak_memory);
        let logged = u32::try_from(lambda.logged() - logged).unwrap_or(u32::MAX);
        self.logged.push(f64::from(logged) / f64::from(times));
    }

    async fn count(&mut self, world: &World, lambda: &mut Lambda) {
        for _ in 0..COUNTED {
            let event = self.event(world).await;
            let before = world.trips().await;
            lambda.succeed(event, |answer| self.work.is_done(answer)).await;
            self.trips.push(world.trips().await - before);
        }
    }

    fn summary(&self) -> Request {
        Request {
            first: median(&self.first),
            first_cpu: median(&self.first_cpu),
            p50: median(&self.took),
            p99: percentile(&self.took, 99),
            cpu: median(&self.cpu),
            stores: median(&self.stores),
            memory: self.memory,
            trips: Trips::usual(&self.trips),
            logged: median(&self.logged),
        }
    }
}

fn print(requests: &Requests) {
    println!(
        "\nRequests: `first` in {STARTS} new processes, connections included, with its processor time; the others warm, {TURNS} times 100 in a row; \
        medians; `stores` is the processor time of Postgres and Redis; round trips as the servers count them"
    );
    println!(
        "  {:<28}{:>9}{:>9}{:>9}{:>9}{:>12}{:>11}{:>11}{:>10}{:>7}{:>5}{:>11}",
        "",
        "first ms",
        "p50 ms",
        "p99 ms",
        "CPU µs",
        "over hello",
        "stores µs",
        "memory MB",
        "Postgres",
        "Redis",
        "SQS",
        "log bytes"
    );
    for (work, request) in work::ALL.iter().map(|work| (work, &requests[work])) {
        println!(
            "  {:<28}{:>9.2}{:>8.2}{:>9.2}{:>9.2}{:>9.0}{:>12.0}{:>11.0}{:>11.1}{:>10}{:>7}{:>5}{:>11.0}",
            work.names().1,
            request.first,
            request.first_cpu,
            request.p50,
            request.p99,
            request.cpu,
            request.cpu - requests[&Work::Hello].cpu,
            request.stores,
            request.memory,
            request.trips.postgres,
            request.trips.redis,
            request.trips.sqs,
            request.logged
        );
    }
}
