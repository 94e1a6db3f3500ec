//! How connections are made: by a URL with libpq's parameters, and `pgbouncer=true` for a pooler that shares connections.

use std::num::NonZero;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Connect, Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime, Timeouts};
use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Error, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Db, STATEMENT_TIMEOUT, pooler};
use crate::config::{ConfigError, Env};
use crate::tls;

/// How long a connection may take.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Pauses between tries to connect while Postgres has no connection left: a request gives its own back within moments.
/// One and a half seconds together, less than [`CONNECT_TIMEOUT`].
const PAUSES: [Duration; 5] = {
    const PAUSE: u64 = 50;
    [
        Duration::from_millis(PAUSE),
        Duration::from_millis(2 * PAUSE),
        Duration::from_millis(4 * PAUSE),
        Duration::from_millis(8 * PAUSE),
        Duration::from_millis(16 * PAUSE),
    ]
};

/// A prepared statement is planned once. In a young database that plan would read whole tables, since they were small or
/// counted as empty, and would be kept while they grow. Every statement has an index, so none needs that; nor code compiled
/// for a plan that counts as expensive. A pooler takes no such options, but there each statement is planned anew.
const PLANS: &str = "-c enable_seqscan=off -c jit=off";

/// Makes the pool for the URL in the setting `name`. Its `sslmode` is libpq's: `disable`; `prefer`, which is the default,
/// and encrypts if the server can; `require` (encrypts, accepts any certificate); `verify-full` (checks certificate and
/// name; see [`tls::roots`]). `pgbouncer=true` is Prisma's: a pooler shares the connections, so nothing is prepared.
/// `DATABASE_CONNECTIONS` bounds the pool (1): a Lambda serves one request at a time, and no request needs two at once.
pub(super) fn pool(env: &Env, name: &'static str) -> Result<Db, ConfigError> {
    pool_of(env, name, Url::of(env, name)?)
}

/// Makes the pool for the URL in the setting `name`, but signs in as somebody else.
pub(super) fn pool_as(env: &Env, name: &'static str, login: &Login) -> Result<Db, ConfigError> {
    let mut url = Url::of(env, name)?;
    url.config.user(&login.user).password(login.password.as_deref().unwrap_or_default());
    pool_of(env, name, url)
}

fn pool_of(env: &Env, name: &'static str, url: Url) -> Result<Db, ConfigError> {
    let mut config = url.config;
    config
        .application_name("chat-backend")
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_user_timeout(STATEMENT_TIMEOUT)
        .keepalives_idle(Duration::from_secs(30));
    if !url.shared {
        let own = config.get_options().map(|own| format!(" {own}")).unwrap_or_default();
        config.options(format!("{PLANS}{own}"));
    }
    let encrypts = config.get_ssl_mode() != SslMode::Disable;
    let roots = url.verifies.then(|| tls::roots(env)).transpose()?;
    let tls = encrypts.then(|| tls::of_postgres(roots)).transpose();
    let tls = tls.map_err(|error| ConfigError::new(name, error.to_string()))?.map(MakeRustlsConnect::new);
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let timeouts =
        Timeouts { wait: Some(CONNECT_TIMEOUT), create: Some(CONNECT_TIMEOUT), recycle: Some(CONNECT_TIMEOUT) };
    let mut pool = Pool::builder(Manager::from_connect(config, Connector { tls }, recycling))
        .max_size(env.parsed("DATABASE_CONNECTIONS", NonZero::<usize>::MIN)?.get())
        .timeouts(timeouts)
        .runtime(Runtime::Tokio1);
    if !url.shared {
        pool = pool.post_create(Hook::async_fn(move |client, _| {
            Box::pin(async move {
                match tokio::time::timeout(CONNECT_TIMEOUT, pooler::is_own(client)).await {
                    Ok(Ok(true)) => Ok(()),
                    Ok(Ok(false)) => Err(HookError::message(pooler::advice(name))),
                    Ok(Err(error)) => Err(HookError::Backend(error)),
                    Err(_) => Err(HookError::message("a new connection gave no answer in time")),
                }
            })
        }));
    }
    let pool = pool.build().map_err(|error| ConfigError::new(name, error.to_string()))?;
    Ok(Db { pool, ahead: Arc::default(), setting: name, shared: url.shared })
}

/// What a URL says.
struct Url {
    config: Config,
    /// Whether the server's certificate is checked.
    verifies: bool,
    /// Whether a pooler shares the connections.
    shared: bool,
}

/// Who signs in.
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: Option<Vec<u8>>,
}

impl Login {
    /// Who the URL in the setting `name` signs in as.
    pub(super) fn of(env: &Env, name: &'static str) -> Result<Self, ConfigError> {
        let config = Url::of(env, name)?.config;
        let user = config.get_user().ok_or_else(|| ConfigError::new(name, "names no user"))?;
        Ok(Self { user: user.to_owned(), password: config.get_password().map(<[u8]>::to_vec) })
    }
}

impl Url {
    fn of(env: &Env, name: &'static str) -> Result<Self, ConfigError> {
        Self::parse(&env.required(name)?).map_err(|reason| ConfigError::new(name, reason))
    }

    /// Reads a URL. The error never repeats it: it holds a password.
    fn parse(url: &str) -> Result<Self, String> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut verifies, mut shared, mut known) = (false, false, Vec::new());
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            match parameter.split_once('=').unwrap_or((parameter, "")) {
                ("sslmode", "verify-full") => {
                    verifies = true;
                    known.push("sslmode=require");
                }
                ("sslmode", mode) if !["disable", "prefer", "require"].contains(&mode) => {
                    return Err("sslmode is disable, prefer, require or verify-full".to_owned());
                }
                ("pgbouncer", "true") => shared = true,
                ("pgbouncer", "false") => shared = false,
                ("pgbouncer", _) => return Err("pgbouncer is true or false".to_owned()),
                _ => known.push(parameter),
            }
        }
        let url = format!("{base}?{}", known.join("&"));
        let config = Config::from_str(url.trim_end_matches('?')).map_err(|_| "is not a valid URL".to_owned())?;
        Ok(Self { config, verifies, shared })
    }
}

/// Opens connections: encrypted ones if it has a configuration of TLS.
struct Connector {
    tls: Option<MakeRustlsConnect>,
}

type Opened = Result<(Client, JoinHandle<()>), Error>;

impl Connect for Connector {
    fn connect(&self, config: &Config) -> Pin<Box<dyn Future<Output = Opened> + Send + '_>> {
        let mut config = config.clone();
        Box::pin(async move {
            for pause in PAUSES {
                match self.open(&mut config).await {
                    Err(error) if error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS) => {
                        tokio::time::sleep(pause).await;
                    }
                    opened => return opened,
                }
            }
            self.open(&mut config).await
        })
    }
}

impl Connector {
    async fn open(&self, config: &mut Config) -> Opened {
        let Some(tls) = self.tls.clone() else { return open(config, NoTls).await };
        match open(config, tls).await {
            // In libpq `prefer` means: without TLS if it does not work with it.
            Err(error) if config.get_ssl_mode() == SslMode::Prefer && is_about_tls(&error) => {
                open(config.ssl_mode(SslMode::Disable), NoTls).await
            }
            opened => opened,
        }
    }
}

async fn open<T>(config: &Config, tls: T) -> Opened
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
{
    let (client, connection) = config.connect(tls).await?;
    let task = tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to Postgres ended");
        }
    });
    Ok((client, task))
}

/// Whether the handshake failed, or the server takes this user's encrypted connections not (28000).
fn is_about_tls(error: &Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<std::io::Error>());
    let handshake =
        cause.and_then(std::io::Error::get_ref).is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>);
    handshake || error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
}
