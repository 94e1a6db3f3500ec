//! The environment of the functions: a real Postgres over TLS, a real Redis, stand-ins for everything else, and users.

mod people;
mod relay;
mod seed;
mod sns;
mod tls;
mod trips;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::AtomicI64;

use serde::Deserialize;
use shared::domain::Clock;
use standins::Gemini;
use testkit::{Secured, Server, Stack};
use tokio_postgres::Client;

use crate::lambda::Program;
pub(crate) use people::{PASSWORD, People, ROOMS, new_mobile, open, send};
pub(crate) use relay::ROUND_TRIP;
pub(crate) use seed::room_with;
use sns::Sns;
pub(crate) use trips::Trips;

/// The signing secret of the webhook.
pub(crate) const WEBHOOK_SECRET: &str = "whsec_bench";

/// Settings that Lambda itself sets, or a stack that shares its Redis with others.
const OF_LAMBDA: [&str; 5] =
    ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "REDIS_PREFIX"];

/// The programs that `dev/bench/run` has built, by the names of the functions.
pub(crate) type Manifest = HashMap<String, Built>;

/// One program.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Built {
    /// The binary.
    pub(crate) bootstrap: PathBuf,
    /// The size of the stripped binary.
    pub(crate) binary_bytes: u64,
    /// The size of the upload.
    pub(crate) zip_bytes: u64,
    /// The function's memory in template.yaml.
    pub(crate) memory_mb: u32,
    /// The function's environment variables in template.yaml, with the values of a local deployment.
    settings: HashMap<String, String>,
}

/// Where the stores of a function are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// On its own host.
    Beside,
    /// The same, but for a PgBouncer before Postgres.
    BehindPooler,
    /// A round trip away.
    OtherZone,
}

/// Everything.
pub(crate) struct World {
    pub(crate) programs: Manifest,
    pub(crate) people: People,
    /// The id of a room with twenty messages, and the id of one of them.
    pub(crate) read: (String, String),
    pub(crate) sql: Client,
    redis: redis::aio::MultiplexedConnection,
    looks: AtomicI64,
    /// The URL of a database whose schema `migrate` alone has created.
    migrated: String,
    sns: Sns,
    tls: tls::Tls,
    /// The URL of Postgres behind a pooler.
    behind_pooler: String,
    /// Postgres and Redis, a round trip away.
    distant: [SocketAddr; 2],
    _pooler: Server,
    _gemini: Gemini,
}

impl World {
    /// Starts everything, on the servers of `dev/services`.
    pub(crate) async fn start(programs: Manifest) -> Self {
        let gemini = Gemini::start("127.0.0.1:0").expect("a free port");
        let stack = Stack::start().await;
        stack.clock.set(Clock::system().now());
        let unlimited = [
            "OTP_PER_IP_HOUR",
            "OTP_PER_MOBILE_IP_HOUR",
            "OTP_PER_MOBILE_IP_DAY",
            "OTP_PER_PREFIX_HOUR",
            "LOGIN_PER_IP_HOUR",
            "PASSWORD_HASHES_PER_ADDRESS_MINUTE",
        ];
        let stack = unlimited.iter().fold(stack, |stack, limit| stack.with(limit, "0"));
        let stack = stack
            // Nobody is refused, but all are counted.
            .with("REQUESTS_PER_USER_MINUTE", "1000000")
            .with("REQUESTS_PER_ADDRESS_MINUTE", "1000000")
            .with("OTP_DAILY_CAP", "1000000")
            .with("PRO_DAILY_LIMIT", "1000000")
            .with("UNFINISHED_REPLIES", "1000000")
            .with("ROOMS_PER_USER", "1000000")
            .with("GEMINI_API_KEY", "bench")
            .with("GEMINI_BASE_URL", gemini.url())
            .with("STRIPE_WEBHOOK_SECRET", WEBHOOK_SECRET);
        let sql = stack.sql().await;
        sql.batch_execute("create extension if not exists pg_stat_statements").await.expect("pg_stat_statements");
        let tls = tls::encrypt(&sql, stack.setting("DATABASE_URL")).await;
        let kept = sql.query_one("select rolpassword from pg_authid where rolname = current_user", &[]).await;
        let verifier: String = kept.expect("a superuser").get(0);
        let secured = Secured { certificate: &tls.certificate, key: &tls.key, verifier: &verifier };
        let (pooler, behind_pooler) = Server::pgbouncer(stack.setting("DATABASE_URL"), Some(&secured));
        let distant = ["DATABASE_URL", "REDIS_URL"]
            .map(|url| relay::relay(host(stack.setting(url)).parse().expect("an address")));
        let redis = redis::Client::open(stack.setting("REDIS_URL")).expect("a URL");
        let redis = redis.get_multiplexed_async_connection().await.expect("Redis answers");
        let migrated = "test_migrated";
        sql.batch_execute(&format!("create database {migrated}")).await.expect("a database");
        let (server, _) = stack.setting("DATABASE_URL").rsplit_once('/').expect("a URL with a database");
        let migrated = format!("{server}/{migrated}");
        let people = People::meet(stack).await;
        let read = room_with(&sql, &people.bob, 20).await;
        let page = people.bob.get(&format!("/chatroom/{read}/message")).await.body();
        let message = page["data"][19]["id"].as_str().expect("an id").to_owned();
        Self {
            programs,
            people,
            read: (read, message),
            sql,
            redis,
            looks: AtomicI64::new(0),
            migrated,
            sns: Sns::start().await,
            tls,
            behind_pooler,
            distant,
            _pooler: pooler,
            _gemini: gemini,
        }
    }

    /// Describes the machine and the servers.
    pub(crate) async fn machine(&self) -> String {
        let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpu.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split(": ").nth(1));
        // Only the processors that this process may run on.
        let processors = std::thread::available_parallelism().map_or(0, usize::from);
        let postgres: String = self.sql.query_one("show server_version", &[]).await.expect("Postgres answers").get(0);
        let postgres = postgres.split(' ').next().unwrap_or_default();
        let info = self.info("server").await;
        let redis = info.lines().find_map(|line| line.strip_prefix("redis_version:")).unwrap_or_default();
        format!(
            "{processors} processor of {}, Postgres {postgres} over TLS, Redis {redis}",
            model.unwrap_or("an unnamed processor")
        )
    }

    /// A function with the settings of this world instead of those of a deployment.
    pub(crate) fn program(&self, name: &str) -> Program {
        let built = self.programs.get(name).unwrap_or_else(|| panic!("{name} was not built"));
        let stack = &self.people.api.stack;
        let mut settings = built.settings.clone();
        settings.extend(OF_LAMBDA.map(|setting| (setting.to_owned(), String::new())));
        for (setting, value) in settings.iter_mut().filter(|(setting, _)| !stack.setting(setting).is_empty()) {
            stack.setting(setting).clone_into(value);
        }
        let database = if name == "migrate" { &self.migrated } else { stack.setting("DATABASE_URL") };
        settings.insert("DATABASE_URL".to_owned(), format!("{database}?sslmode=verify-full"));
        settings.insert("TLS_CA_FILE".to_owned(), self.tls.ca_file().to_owned());
        match name {
            "otp-sender" => settings.insert("AWS_ENDPOINT_URL".to_owned(), self.sns.url().to_owned()),
            "auth" => settings.insert("OTP_DELIVERY".to_owned(), "sns".to_owned()),
            _ => None,
        };
        Program { name: name.to_owned(), bootstrap: built.bootstrap.clone(), settings }
    }

    /// The same, with its stores in a place.
    pub(crate) fn program_at(&self, name: &str, place: Place) -> Program {
        let mut program = self.program(name);
        match place {
            Place::Beside => {}
            Place::BehindPooler => {
                let url = format!("{}?sslmode=verify-full&pgbouncer=true", self.behind_pooler);
                program.settings.insert("DATABASE_URL".to_owned(), url);
            }
            Place::OtherZone => {
                for (setting, relay) in ["DATABASE_URL", "REDIS_URL"].into_iter().zip(self.distant) {
                    let url = program.settings.get_mut(setting).expect("a setting of every function");
                    *url = url.replace(host(url), &relay.to_string());
                }
            }
        }
        program
    }
}

/// The host and port of a URL.
fn host(url: &str) -> &str {
    let (_, rest) = url.split_once("://").expect("a URL");
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}
