//! Growth: the cost of a page for a user with many rooms or messages.

use serde_json::Value;
use testkit::event;

use crate::figures::{median_of, ms, us};
use crate::lambda::Lambda;
use crate::world::{World, room_with};

const ROOM: &str = "019aaf6c-5c00-7a3e-9d51-3f0d8a1b2c01";
/// How often each page is read.
const TIMES: usize = 50;
/// Entries of a page. This is not the usual number, because that page would come from the cache.
const PAGE: &str = "limit=25";

/// One reading of a page.
#[derive(Debug)]
struct Reading {
    took: f64,
    cpu: f64,
    blocks: f64,
}

/// Reads the first page and the last one of longer and longer lists. Prints one line per list.
pub(crate) async fn measure(world: &World) {
    println!(
        "\nGrowth: pages of 25, medians of {TIMES}; blocks are what Postgres reads for one page, in memory or not"
    );
    println!(
        "  {:<26}{:>12}{:>9}{:>9}{:>15}{:>9}{:>9}",
        "of one user", "newest: ms", "CPU µs", "blocks", "oldest: ms", "CPU µs", "blocks"
    );
    let mut lambda = Lambda::start(&world.program("chatroom"), None).await;
    for count in [10, 1_000, 5_000] {
        let user = world.people.another().await;
        world.fill_rooms(&user, count).await;
        let request = |page: &str| event("chatroom-list", &[("ACCESS_TOKEN", user.token()), ("limit=10", page)]);
        line(world, &mut lambda, &format!("{count} rooms"), request).await;
    }
    let user = world.people.another().await;
    for count in [100, 1_000, 10_000, 100_000] {
        let room = room_with(&world.sql, &user, count).await;
        let request = |page: &str| {
            event("chatroom-messages", &[("ACCESS_TOKEN", user.token()), (ROOM, &room), ("limit=20", page)])
        };
        line(world, &mut lambda, &format!("{count} messages of a room"), request).await;
    }
}

async fn line(world: &World, lambda: &mut Lambda, of: &str, request: impl Fn(&str) -> String) {
    let newest = read(world, lambda, &request(PAGE)).await;
    let oldest = match far_down(lambda, &request).await {
        Some(cursor) => read(world, lambda, &request(&format!("{PAGE}&cursor={cursor}"))).await,
        None => Vec::new(),
    };
    let columns = |readings: &[Reading], width: usize| {
        let median = |of: fn(&Reading) -> f64| if readings.is_empty() { 0.0 } else { median_of(readings, of) };
        let (took, cpu, blocks) = (median(|one| one.took), median(|one| one.cpu), median(|one| one.blocks));
        if readings.is_empty() { String::new() } else { format!("{took:>width$.2}{cpu:>9.0}{blocks:>9.0}") }
    };
    println!("  {of:<26}{}{}", columns(&newest, 12), columns(&oldest, 15));
}

/// Follows a list to its end, with long pages. Returns the cursor of the last page, if there is more than one page.
async fn far_down(lambda: &mut Lambda, request: &impl Fn(&str) -> String) -> Option<String> {
    let (mut before, mut next) = (None, next_cursor(lambda, request(PAGE)).await);
    while let Some(cursor) = next {
        next = next_cursor(lambda, request(&format!("limit=100&cursor={cursor}"))).await;
        before = Some(cursor);
    }
    before
}

async fn next_cursor(lambda: &mut Lambda, event: String) -> Option<String> {
    let invocation = lambda.invoke(event).await;
    let body = invocation.outcome.ok().and_then(|answer| serde_json::from_str::<Value>(answer["body"].as_str()?).ok());
    body.expect("a page")["next_cursor"].as_str().map(str::to_owned)
}

async fn read(world: &World, lambda: &mut Lambda, event: &str) -> Vec<Reading> {
    let mut readings = Vec::new();
    for _ in 0..TIMES {
        let (used, blocks) = (lambda.usage().cpu, world.blocks().await);
        let took = ms(lambda.succeed(event.to_owned(), |answer| answer["statusCode"] == 200).await);
        let blocks = u32::try_from(world.blocks().await - blocks).unwrap_or(u32::MAX);
        let cpu = us(lambda.usage().cpu.saturating_sub(used));
        readings.push(Reading { took, cpu, blocks: f64::from(blocks) });
    }
    readings
}
