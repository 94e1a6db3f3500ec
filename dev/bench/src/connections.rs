//! The first request of a new process, by where its stores are: beside it, behind a pooler, in another zone.

use std::collections::HashMap;
use std::time::Instant;

use postgres_protocol::password::scram_sha_256;
use shared::config::Env;
use shared::db::{Db, users};
use shared::domain::Clock;

use crate::figures::{median, ms};
use crate::lambda::Lambda;
use crate::starts::STARTS;
use crate::work::Work;
use crate::world::{Place, ROUND_TRIP, World};

const PLACES: [Place; 3] = [Place::Beside, Place::BehindPooler, Place::OtherZone];
const COMPARED: [Work; 4] = [Work::BareRedis, Work::BarePostgres, Work::Me, Work::Send];

/// Milliseconds of a first request, connections included.
pub(crate) type Firsts = HashMap<(Work, Place), f64>;

/// Makes first requests in turns. Prints one line per kind of work, and what of it is not the function's.
pub(crate) async fn measure(world: &World) -> Firsts {
    let mut samples: HashMap<_, Vec<f64>> = HashMap::new();
    // The pooler opens its own connection at its first client, who is not counted.
    for round in 0..=STARTS {
        for work in COMPARED {
            for place in PLACES {
                let program = world.program_at(work.names().0, place);
                let event = work.event(world, round).await;
                let mut lambda = Lambda::start(&program, None).await;
                let took = ms(lambda.succeed(event, |answer| work.is_done(answer)).await);
                if round > 0 {
                    samples.entry((work, place)).or_default().push(took);
                }
            }
        }
    }
    let firsts = samples.into_iter().map(|(of, samples)| (of, median(&samples))).collect();
    print(&firsts);
    print_parts(world).await;
    firsts
}

fn print(firsts: &Firsts) {
    println!(
        "\nFirst requests: in {STARTS} new processes, connections included, medians in ms; behind a PgBouncer that has \
        connections, over TLS; or in another zone, where a round trip to a store takes {} ms",
        ms(ROUND_TRIP)
    );
    println!("  {:<28}{:>12}{:>12}{:>14}", "", "beside them", "by pooler", "another zone");
    for work in COMPARED {
        let [beside, pooled, other] = PLACES.map(|place| firsts[&(work, place)]);
        println!("  {:<28}{beside:>12.2}{pooled:>12.2}{other:>14.2}", work.names().1);
    }
}

/// Prints what a password costs the client, and what the tables of `GET /user/me` cost Postgres the first time.
async fn print_parts(world: &World) {
    // Nothing is prepared then: both statements are planned.
    let url = format!("{}?pgbouncer=true", world.people.api.stack.setting("DATABASE_URL"));
    let env = Env::from_fn(move |name| (name == "DATABASE_URL").then(|| url.clone()));
    let user = world.people.ada.id.expect("who has signed in");
    let (mut rounds, mut first, mut again) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let began = Instant::now();
        std::hint::black_box(scram_sha_256(b"a password"));
        rounds.push(ms(began.elapsed()));
        let db = Db::from_env(&env).expect("a URL");
        db.ping().await.expect("Postgres answers");
        for times in [&mut first, &mut again] {
            let began = Instant::now();
            users::find(&db, user, Clock::system().now()).await.expect("Postgres answers");
            times.push(ms(began.elapsed()));
        }
    }
    println!("  the 4,096 rounds of SCRAM, for the client {:.2}", median(&rounds));
    println!(
        "  the statement of GET /user/me on a connection that is there: first {:.2}, again {:.2}",
        median(&first),
        median(&again)
    );
}
