//! Servers of a test's own, of the machine's packages; each is stopped when it is dropped.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tokio_postgres::Config;
use uuid::Uuid;

/// How long a server may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running server.
#[derive(Debug)]
pub struct Server {
    /// Its port of 127.0.0.1.
    pub port: u16,
    process: Child,
    folder: PathBuf,
}

impl Drop for Server {
    /// By SIGINT: Postgres then ends its own processes. PgBouncer waits for its clients, which may be those of a test that
    /// failed and still has them: it is killed.
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-INT", &self.process.id().to_string()]).status();
        let until = Instant::now() + PATIENCE;
        while matches!(self.process.try_wait(), Ok(None)) && Instant::now() < until {
            sleep(Duration::from_millis(20));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// What a PgBouncer needs that encrypts, and that knows no password.
#[derive(Debug)]
pub struct Secured<'a> {
    /// Its certificate, as PEM.
    pub certificate: &'a str,
    /// The certificate's key, as PEM.
    pub key: &'a str,
    /// What Postgres keeps of the password: `rolpassword` in `pg_authid`.
    pub verifier: &'a str,
}

impl Server {
    /// Starts a Postgres whose user `chat` has the password `secret`. `takes` begins the only line of its `pg_hba.conf`:
    /// `host`, or `hostssl` for encrypted connections alone. A `key` of TLS is made readable to it alone.
    pub fn postgres(takes: &str, key: Option<&Path>, options: &[&str]) -> Self {
        let folder = new_folder();
        let owner = Owner::of(&folder);
        let (data, password) = (text(&folder.join("data")), text(&folder.join("password")));
        fs::write(&password, "secret").expect("a file");
        owner.give(&folder);
        if let Some(key) = key {
            fs::set_permissions(key, fs::Permissions::from_mode(0o600)).expect("the key's rights");
            owner.give(key);
        }
        let programs = postgres_programs();
        let made = owner
            .command(&programs.join("initdb"))
            .args(["-D", &data, "-U", "chat", "-A", "scram-sha-256", "--pwfile", &password, "--no-sync", "--locale=C"])
            .output()
            .expect("initdb runs");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        fs::write(format!("{data}/pg_hba.conf"), format!("{takes} all all 127.0.0.1/32 scram-sha-256\n"))
            .expect("pg_hba.conf");
        let mut command = owner.command(&programs.join("postgres"));
        command.args(["-D", &data]);
        for setting in ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"] {
            command.args(["-c", setting]);
        }
        let server = Self::run(command.args(options), "-p", folder);
        // It takes connections before it serves them.
        let ready = || {
            let mut asked = Command::new(programs.join("pg_isready"));
            let status = asked.args(["-q", "-h", "127.0.0.1", "-p", &server.port.to_string()]).status();
            status.expect("pg_isready runs").success()
        };
        wait_until(ready);
        server
    }

    /// Starts a PgBouncer with one connection to the database of `url`, which its clients share by transaction. Returns
    /// it with the URL of the same database behind it.
    pub fn pgbouncer(url: &str, secured: Option<&Secured>) -> (Self, String) {
        let to: Config = url.parse().expect("a URL");
        let (user, database) = (to.get_user().expect("a user"), to.get_dbname().expect("a database"));
        let password = String::from_utf8_lossy(to.get_password().unwrap_or_default()).into_owned();
        let known = secured.map_or(password.as_str(), |secured| secured.verifier);
        let folder = new_folder();
        let owner = Owner::of(&folder);
        let (port, upstream) = (free_port(), to.get_ports().first().copied().unwrap_or(5432));
        let (settings, users) = (folder.join("pgbouncer.ini"), folder.join("users.txt"));
        fs::write(&users, format!("\"{user}\" \"{known}\"\n")).expect("a file");
        let tls = secured.map_or_else(String::new, |secured| {
            let files = [("cert", secured.certificate), ("key", secured.key)].map(|(name, pem)| {
                let file = folder.join(format!("{name}.pem"));
                fs::write(&file, pem).expect("a file");
                format!("client_tls_{name}_file = {}\n", file.display())
            });
            format!("client_tls_sslmode = require\n{}", files.concat())
        });
        let text = format!(
            "[databases]\n* = host=127.0.0.1 port={upstream}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {}\npool_mode = transaction\n\
             default_pool_size = 1\nlogfile = {}\n{tls}",
            users.display(),
            folder.join("log").display()
        );
        fs::write(&settings, text).expect("a file");
        owner.give(&folder);
        let server = Self::wait_for(owner.command(Path::new("pgbouncer")).arg(settings), port, folder);
        (server, format!("postgres://{user}:{password}@127.0.0.1:{port}/{database}"))
    }

    /// Starts a server in a folder of its own, with its port as the value of `port_option`, and waits until it takes
    /// connections.
    pub fn start(command: &mut Command, port_option: &str) -> Self {
        let folder = new_folder();
        Self::run(command.current_dir(&folder), port_option, folder)
    }

    /// Its host and port.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn run(command: &mut Command, port_option: &str, folder: PathBuf) -> Self {
        let port = free_port();
        command.args([port_option, &port.to_string()]);
        Self::wait_for(command, port, folder)
    }

    fn wait_for(command: &mut Command, port: u16, folder: PathBuf) -> Self {
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let mut server = Self { port, process, folder };
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(server.process.try_wait().expect("a process").is_none(), "it ended: {command:?}");
            assert!(Instant::now() < until, "it does not take connections: {command:?}");
            sleep(Duration::from_millis(20));
        }
        server
    }
}

/// Waits until a server is ready, which may be later than it takes connections.
pub(crate) fn wait_until(mut is_ready: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !is_ready() {
        assert!(Instant::now() < until, "the server does not get ready");
        sleep(Duration::from_millis(20));
    }
}

fn new_folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("chat-test-{}", Uuid::new_v4().simple()));
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

fn text(path: &Path) -> String {
    path.to_str().expect("a path that is text").to_owned()
}

/// Whom Postgres runs as: it refuses to be root.
enum Owner {
    /// The user that runs the test.
    Caller,
    /// Root, under another number.
    Mapped,
    /// The account of the package, where a container allows no other number.
    Package,
}

impl Owner {
    const MAP: [&str; 4] = ["--user", "--map-user=1000", "--map-group=1000", "--"];

    fn of(folder: &Path) -> Self {
        if fs::metadata(folder).expect("a folder").uid() != 0 {
            return Self::Caller;
        }
        match Command::new("unshare").args(Self::MAP).arg("true").stderr(Stdio::null()).status() {
            Ok(status) if status.success() => Self::Mapped,
            _ => Self::Package,
        }
    }

    /// Makes a file or folder its own.
    fn give(&self, folder: &Path) {
        if matches!(self, Self::Package) {
            assert!(
                Command::new("chown").args(["-R", "postgres"]).arg(folder).status().expect("chown runs").success(),
                "chown"
            );
        }
    }

    fn command(&self, program: &Path) -> Command {
        let (wrapper, options): (_, &[&str]) = match self {
            Self::Caller => return Command::new(program),
            Self::Mapped => ("unshare", &Self::MAP),
            Self::Package => ("setpriv", &["--reuid=postgres", "--regid=postgres", "--clear-groups"]),
        };
        let mut command = Command::new(wrapper);
        command.args(options).arg(program);
        command
    }
}

/// The folder of `initdb` and `postgres`: Debian keeps it off the path, by version.
fn postgres_programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut debian: Vec<PathBuf> = versions.map(|version| version.expect("a folder").path().join("bin")).collect();
    debian.sort_by_key(|folder| {
        folder.to_string_lossy().split('/').nth(4).and_then(|version| version.parse::<u32>().ok())
    });
    let on_path = Command::new("pg_config").arg("--bindir").output().ok();
    let on_path = on_path.and_then(|output| Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim())));
    debian
        .into_iter()
        .rev()
        .chain(on_path)
        .find(|folder| folder.join("initdb").exists())
        .expect("Postgres is installed")
}
