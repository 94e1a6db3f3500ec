//! The goals for the measured figures.

use crate::connections::Firsts;
use crate::figures::mb;
use crate::replies::{Arrivals, Replies};
use crate::requests::Requests;
use crate::starts::Start;
use crate::streaming::{FirstTokens, Streaming};
use crate::work::Work;
use crate::world::{Place, ROOMS, Trips};

/// Functions that call SQS or SNS.
const WITH_SDK: [&str; 7] = ["auth", "chatroom", "gemini-worker", "maintenance", "ops", "otp-sender", "reply-stream"];
const BASELINE: [&str; 2] = ["hello", "bare"];
/// What the stand-in of Gemini takes for a reply.
const GEMINI_MS: f64 = 300.0;

/// Whether a goal was met in the run that docs/performance.md shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Met,
    Missed,
}
use Before::{Met, Missed};

/// The goals of one run. They are ratios, counts and sizes: a slow host does not decide.
#[derive(Debug, Default)]
struct Goals {
    /// Goals that were met before and are missed now.
    lost: Vec<String>,
}

/// Prints one line per goal: its name, the goal, the measured value, and whether the goal is met. Returns the names of
/// those that were met before and are missed now.
pub(crate) fn print(
    starts: &[Start],
    requests: &Requests,
    firsts: &Firsts,
    replies: &[Replies],
    arriving: &[Arrivals],
    streaming: &Streaming,
    first_tokens: &[FirstTokens],
) -> Vec<String> {
    println!("\nGoals; × hello: as a multiple of what a hello-world function takes in the same run");
    println!("  {:<58}{:>10}{:>12}", "", "goal", "measured");
    let mut goals = Goals::default();
    goals.starts(starts);
    goals.firsts(firsts);
    goals.requests(requests);
    goals.replies(replies);
    goals.waits(arriving, first_tokens);
    goals.streams(streaming, requests[&Work::BareRedis].p50);
    goals.lost
}

impl Goals {
    fn starts(&mut self, starts: &[Start]) {
        let functions = || starts.iter().filter(|start| !BASELINE.contains(&start.name.as_str()));
        let worst = |with_sdk: bool, of: &dyn Fn(&Start) -> f64| {
            functions().filter(|start| WITH_SDK.contains(&start.name.as_str()) == with_sdk).map(of).fold(0.0, f64::max)
        };
        self.most("first poll × hello, without the AWS SDK", 1.5, worst(false, &|start| start.times_hello), Met);
        self.most("first poll × hello, with the AWS SDK", 2.0, worst(true, &|start| start.times_hello), Met);
        let stream =
            starts.iter().find(|start| start.name == "reply-stream").map_or(f64::NAN, |start| start.times_hello);
        self.most("first poll × hello, a stream", 1.5, stream, Missed);
        self.most("zip without the AWS SDK, MB", 2.2, worst(false, &|start| mb(start.built.zip_bytes)), Missed);
        self.most("zip with the AWS SDK, MB", 3.5, worst(true, &|start| mb(start.built.zip_bytes)), Met);
    }

    fn firsts(&mut self, firsts: &Firsts) {
        let times = |place| firsts[&(Work::Me, place)] / firsts[&(Work::BarePostgres, place)];
        self.most("first GET /user/me × one to Postgres", 1.1, times(Place::Beside), Missed);
        self.most("first GET /user/me × one to Postgres, another zone", 1.1, times(Place::OtherZone), Missed);
        self.most("first GET /user/me × one to Postgres, by a pooler", 1.1, times(Place::BehindPooler), Missed);
    }

    fn requests(&mut self, requests: &Requests) {
        let times_hello = |work: Work| requests[&work].cpu / requests[&Work::Hello].cpu;
        self.most("CPU × hello, GET /chatroom cached", 2.4, times_hello(Work::ListHit), Met);
        self.most("CPU × hello, GET /user/me", 3.3, times_hello(Work::Me), Met);
        self.most("CPU × hello, POST /auth/send-otp", 5.5, times_hello(Work::SendOtp), Met);
        self.most("CPU × hello, POST …/message", 8.0, times_hello(Work::Send), Met);
        let stores = requests[&Work::Send].stores / requests[&Work::Hello].cpu;
        self.most("CPU of Postgres and Redis × hello, POST …/message", 6.0, stores, Met);
        self.trips("GET /chatroom cached", requests, Work::ListHit, [0, 1, 0]);
        self.trips("GET /user/me", requests, Work::Me, [1, 1, 0]);
        self.trips("POST …/message", requests, Work::Send, [1, 1, 1]);
        self.most("Postgres round trips of a reply", 3.0, count(requests[&Work::Reply].trips.postgres), Met);
        let http = requests.iter().filter(|(work, _)| is_http(**work) && **work != Work::Login);
        let memory = http.map(|(_, request)| request.memory).fold(0.0, f64::max);
        self.most("memory, HTTP functions but a password's hash, MB", 10.0, memory, Met);
        self.most("memory, POST /auth/login, MB (Argon2 fills 19.9)", 30.0, requests[&Work::Login].memory, Met);
        self.most("memory, the worker with ten replies in flight, MB", 14.0, requests[&Work::TenReplies].memory, Met);
    }

    fn replies(&mut self, replies: &[Replies]) {
        let of_forty = |batch| replies.iter().find(|run| run.messages == ROOMS && run.batch == batch);
        if let (Some(single), Some(ten)) = (of_forty(1), of_forty(10)) {
            self.most("40 replies, batch 10 × Gemini's time", 5.0, ten.last / GEMINI_MS, Met);
            self.most("billed ms per reply, batch 10 / batch 1", 0.2, ten.billed / single.billed, Met);
        }
    }

    fn waits(&mut self, arriving: &[Arrivals], first_tokens: &[FirstTokens]) {
        if let Some(busiest) = arriving.iter().max_by(|one, other| one.rate.total_cmp(&other.rate)) {
            let what = format!("{} messages a second, billed s a reply × on paper", busiest.rate);
            self.most(&what, 1.1, busiest.billed / busiest.on_paper.billed, Met);
            let what = format!("{} messages a second, wait of 95 of 100 × on paper", busiest.rate);
            self.most(&what, 3.0, busiest.long_wait / (busiest.on_paper.wait * 1e3), Met);
        }
        if let (Some(smallest), Some(largest)) = (first_tokens.first(), first_tokens.last()) {
            let what = format!("first token, {} MB − {} MB, ms", smallest.memory_mb, largest.memory_mb);
            self.most(&what, 5.0, smallest.p50 - largest.p50, Met);
        }
    }

    /// `redis` is what a bare round trip to Redis takes.
    fn streams(&mut self, streaming: &Streaming, redis: f64) {
        if let Some(run) = streaming.runs.iter().find(|run| run.watchers == 20) {
            self.most("Gemini's piece to 20 clients × one to Redis, p50", 10.0, run.p50 / redis, Met);
            self.most("Gemini's piece to 20 clients × one to Redis, p99", 50.0, run.p99 / redis, Met);
        }
        self.most("calls of Redis a second, a reply that nobody watches", 20.0, streaming.calls, Met);
        let memory = streaming.runs.iter().map(|run| run.memory).fold(0.0, f64::max);
        self.most("memory, a stream, MB", 20.0, memory, Met);
    }

    fn most(&mut self, what: &str, goal: f64, measured: f64, before: Before) {
        let verdict = self.judge(what, measured <= goal, before);
        println!("  {what:<58}{goal:>10}{measured:>12.2}  {verdict}");
    }

    fn trips(&mut self, what: &str, requests: &Requests, work: Work, [postgres, redis, sqs]: [i64; 3]) {
        let (goal, Trips { postgres: p, redis: r, sqs: s }) = (Trips { postgres, redis, sqs }, requests[&work].trips);
        let what = format!("round trips to Postgres, Redis, SQS: {what}");
        let verdict = self.judge(&what, requests[&work].trips == goal, Met);
        println!("  {what:<58}{:>10}{:>12}  {verdict}", format!("{postgres} {redis} {sqs}"), format!("{p} {r} {s}"));
    }

    fn judge(&mut self, what: &str, is_met: bool, before: Before) -> &'static str {
        match (is_met, before) {
            (true, Met) => "met",
            (true, Missed) => "met for the first time",
            (false, Missed) => "missed as before",
            (false, Met) => {
                self.lost.push(what.to_owned());
                "MISSED"
            }
        }
    }
}

fn is_http(work: Work) -> bool {
    let (function, _) = work.names();
    !BASELINE.contains(&function) && !["gemini-worker", "otp-sender", "maintenance", "migrate"].contains(&function)
}

fn count(trips: i64) -> f64 {
    f64::from(i32::try_from(trips).unwrap_or(i32::MAX))
}
