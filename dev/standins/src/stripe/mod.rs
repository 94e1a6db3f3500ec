//! A stand-in for Stripe: customers, Checkout, subscriptions, the portal, invoices, refunds, events, webhooks.
//!
//! A request passes `gate` (key, version, idempotency, injected failures). `api` dispatches it, and it changes
//! the `world` through `lifecycle`. Each change is an event, which `webhooks` delivers. `pages` has the pages
//! that a person sees, `admin` the calls that a test makes.

mod admin;
mod api;
mod deliveries;
mod error;
mod expand;
mod failures;
mod form;
mod gate;
mod idempotency;
mod keep;
mod lifecycle;
mod list;
mod objects;
mod pages;
mod params;
mod search;
mod sign;
mod table;
mod thin;
mod version;
mod webhooks;
mod world;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::{any, get, post};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::admin::lock;
use crate::home;
use crate::server::Server;
use failures::Failures;
use idempotency::Keys;
pub use sign::{sign, sign_all};
pub use thin::thin;
use webhooks::Webhooks;
use world::World;

/// The API version of the stand-in. A request with an incompatible version, or none, is refused.
pub const API_VERSION: &str = "2026-09-30.endive";

/// The configuration of a Stripe stand-in.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen; port 0 picks a free port.
    pub addr: SocketAddr,
    /// Where events are delivered; without a URL they are held until an admin call sets one.
    pub webhook_url: Option<String>,
    /// The endpoint's signing secrets; each of them signs every event, as during a rotation at Stripe.
    pub webhook_secrets: Vec<String>,
    /// The id of the first price.
    pub price_id: String,
}

/// A running Stripe stand-in; dropping it stops it.
pub struct Stripe {
    server: Server,
}

impl Stripe {
    /// Starts it with an empty account.
    pub fn start(config: Config) -> io::Result<Self> {
        Self::start_with(config, None)
    }

    /// Starts it with the account that the file has, and keeps it there.
    pub fn start_kept(config: Config, file: PathBuf) -> io::Result<Self> {
        Self::start_with(config, Some(file))
    }

    fn start_with(config: Config, file: Option<PathBuf>) -> io::Result<Self> {
        let server = Server::start(config.addr, move |addr| {
            let (outbox, events) = mpsc::unbounded_channel();
            let world = Arc::new(Mutex::new(World::new(format!("http://{addr}"), &config.price_id, outbox)));
            if let Some(file) = file {
                if let Err(error) = keep::load(&mut lock(&world), &file) {
                    eprintln!("{} is not read, the account is empty: {error}", file.display());
                }
                tokio::spawn(keep::save(Arc::clone(&world), file));
            }
            let app = App {
                world,
                keys: Keys::default(),
                failures: Arc::default(),
                calls: Arc::default(),
                webhooks: Webhooks::new(config.webhook_url, config.webhook_secrets),
            };
            tokio::spawn(app.webhooks.clone().run(events));
            router(app)
        })?;
        Ok(Self { server })
    }

    /// Scheme, host and port, for `STRIPE_API_BASE`.
    pub fn url(&self) -> String {
        self.server.url()
    }
}

/// The state that all handlers share.
#[derive(Clone)]
struct App {
    world: Arc<Mutex<World>>,
    keys: Keys,
    failures: Arc<Mutex<Failures>>,
    calls: Arc<Mutex<Vec<Value>>>,
    webhooks: Webhooks,
}

fn router(app: App) -> Router {
    Router::new()
        .route("/", get(async || home::page("Stripe", &["/admin/calls", "/admin/deliveries"])))
        .route("/v1/{*path}", any(gate::call))
        .route("/pay/{session}", get(pages::checkout::show).post(pages::checkout::submit))
        .route("/portal/{session}", get(pages::portal::show).post(pages::portal::submit))
        .route("/done", get(pages::done::show))
        .route("/admin/sessions/{id}", post(admin::objects::session))
        .route("/admin/subscriptions/{id}", post(admin::objects::subscription))
        .route("/admin/prices", post(admin::account::price))
        .route("/admin/portal", post(admin::account::portal))
        .route("/admin/fail", post(admin::control::fail))
        .route("/admin/calls", get(admin::control::calls))
        .route("/admin/reset", post(admin::control::reset))
        .route("/admin/webhooks", post(admin::deliveries::configure))
        .route("/admin/deliver", post(admin::deliveries::deliver))
        .route("/admin/deliveries", get(admin::deliveries::list))
        .with_state(app)
}
