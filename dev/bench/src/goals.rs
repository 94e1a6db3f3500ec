//! The goals for the measured figures.

use crate::figures::mb;
use crate::replies::Replies;
use crate::requests::Requests;
use crate::starts::Start;
use crate::streaming::Streaming;
use crate::work::Work;
use crate::world::{ROOMS, Trips};

/// Functions that call SQS or SNS.
const WITH_SDK: [&str; 7] = ["auth", "chatroom", "gemini-worker", "maintenance", "ops", "otp-sender", "reply-stream"];
const BASELINE: [&str; 2] = ["hello", "bare"];

/// Prints one line per goal: its name, the goal, the measured value, and whether the goal is met.
pub(crate) fn print(starts: &[Start], requests: &Requests, replies: &[Replies], streaming: &Streaming) {
    println!("\nGoals");
    println!("  {:<58}{:>10}{:>12}", "", "goal", "measured");
    let hello = starts.iter().find(|start| start.name == "hello").map_or(f64::NAN, |start| start.ready);
    let functions = || starts.iter().filter(|start| !BASELINE.contains(&start.name.as_str()));
    let worst = |with_sdk: bool, of: &dyn Fn(&Start) -> f64| {
        functions().filter(|start| WITH_SDK.contains(&start.name.as_str()) == with_sdk).map(of).fold(0.0, f64::max)
    };
    most("first poll × hello, without the AWS SDK", 1.5, worst(false, &|start| start.ready / hello));
    most("first poll × hello, with the AWS SDK", 2.0, worst(true, &|start| start.ready / hello));
    most("first request, GET /user/me, ms", 7.0, requests[&Work::Me].first);
    let above_hello = |work: Work| requests[&work].cpu - requests[&Work::Hello].cpu;
    most("CPU over hello, GET /chatroom cached, µs", 60.0, above_hello(Work::ListHit));
    most("CPU over hello, GET /user/me, µs", 90.0, above_hello(Work::Me));
    most("CPU over hello, POST …/message, µs", 160.0, above_hello(Work::Send));
    trips("GET /chatroom cached", requests, Work::ListHit, [0, 1, 0]);
    trips("GET /user/me", requests, Work::Me, [1, 1, 0]);
    trips("POST …/message", requests, Work::Send, [1, 1, 1]);
    most("Postgres round trips of a reply", 3.0, count(requests[&Work::Reply].trips.postgres));
    let http = requests.iter().filter(|(work, _)| is_http(**work) && **work != Work::Login);
    most(
        "memory, HTTP functions but a password's hash, MB",
        10.0,
        http.map(|(_, request)| request.memory).fold(0.0, f64::max),
    );
    most("memory, POST /auth/login, MB (Argon2 fills 19.9)", 30.0, requests[&Work::Login].memory);
    most("memory, the worker with ten replies in flight, MB", 14.0, requests[&Work::TenReplies].memory);
    most("zip without the AWS SDK, MB", 2.2, worst(false, &|start| mb(start.built.zip_bytes)));
    most("zip with the AWS SDK, MB", 3.5, worst(true, &|start| mb(start.built.zip_bytes)));
    let of_forty = |batch| replies.iter().find(|run| run.messages == ROOMS && run.batch == batch);
    if let (Some(single), Some(ten)) = (of_forty(1), of_forty(10)) {
        most("40 replies of 300 ms, batch 10, ms", 1500.0, ten.last);
        most("billed ms per reply, batch 10 / batch 1", 0.2, ten.billed / single.billed);
    }
    let ready = starts.iter().find(|start| start.name == "reply-stream").map_or(f64::NAN, |start| start.ready);
    streams(streaming, ready / hello);
}

/// `start` is that of the streaming function, as a multiple of `hello`.
fn streams(streaming: &Streaming, start: f64) {
    if let Some(run) = streaming.runs.iter().find(|run| run.watchers == 20) {
        most("Gemini's piece to the client's, 20 watchers, p50 ms", 5.0, run.p50);
        most("Gemini's piece to the client's, 20 watchers, p99 ms", 25.0, run.p99);
    }
    most("calls of Redis a second, a reply that nobody watches", 20.0, streaming.calls);
    let memory = streaming.runs.iter().map(|run| run.memory).fold(0.0, f64::max);
    most("memory, a stream, MB", 20.0, memory);
    most("first poll × hello, a stream", 1.5, start);
}

fn is_http(work: Work) -> bool {
    let (function, _) = work.names();
    !BASELINE.contains(&function) && !["gemini-worker", "otp-sender", "maintenance", "migrate"].contains(&function)
}

fn most(what: &str, goal: f64, measured: f64) {
    let verdict = if measured <= goal { "met" } else { "missed" };
    println!("  {what:<58}{goal:>10}{measured:>12.2}  {verdict}");
}

fn trips(what: &str, requests: &Requests, work: Work, [postgres, redis, sqs]: [i64; 3]) {
    let (goal, Trips { postgres: p, redis: r, sqs: s }) = (Trips { postgres, redis, sqs }, requests[&work].trips);
    let verdict = if requests[&work].trips == goal { "met" } else { "missed" };
    let what = format!("round trips to Postgres, Redis, SQS: {what}");
    println!("  {what:<58}{:>10}{:>12}  {verdict}", format!("{postgres} {redis} {sqs}"), format!("{p} {r} {s}"));
}

fn count(trips: i64) -> f64 {
    f64::from(i32::try_from(trips).unwrap_or(i32::MAX))
}
