//! A server of the test's own, stopped with it.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::authority::Authority;

pub(crate) struct Server {
    pub(crate) port: u16,
    process: Child,
}

impl Server {
    /// A Postgres that takes encrypted connections alone, with a password that can be bound to the certificate.
    pub(crate) fn postgres(authority: &Authority) -> Self {
        let (certificate, key) = (authority.file("server.pem"), authority.file("server.key"));
        let tls = ["-c", "ssl=on", "-c", &format!("ssl_cert_file={certificate}"), "-c", &format!("ssl_key_file={key}")];
        Self::start_postgres(authority, "hostssl", &tls)
    }

    /// A Postgres without TLS.
    pub(crate) fn plain_postgres(authority: &Authority) -> Self {
        Self::start_postgres(authority, "host", &[])
    }

    fn start_postgres(authority: &Authority, takes: &str, options: &[&str]) -> Self {
        let owner = Owner::of(&authority.folder);
        let data = authority.file("data");
        let password = authority.file("password");
        fs::write(&password, "secret").unwrap();
        owner.give(&authority.folder);
        let programs = postgres_programs();
        let made = owner
            .command(&programs.join("initdb"))
            .args(["-D", &data, "-U", "chat", "-A", "scram-sha-256", "--pwfile", &password, "--no-sync", "--locale=C"])
            .output()
            .unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        fs::write(format!("{data}/pg_hba.conf"), format!("{takes} all all 127.0.0.1/32 scram-sha-256\n")).unwrap();
        let mut command = owner.command(&programs.join("postgres"));
        command.args([
            "-D",
            &data,
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "unix_socket_directories=",
            "-c",
            "fsync=off",
        ]);
        let server = Self::run(command.args(options), "-p");
        // It takes connections before it serves them.
        let is_ready = || {
            let mut asked = Command::new(programs.join("pg_isready"));
            asked.args(["-q", "-h", "127.0.0.1", "-p", &server.port.to_string()]).status().unwrap().success()
        };
        let until = Instant::now() + Duration::from_secs(20);
        while !is_ready() {
            assert!(Instant::now() < until, "Postgres does not get ready");
            sleep(Duration::from_millis(50));
        }
        server
    }

    /// A Redis that takes encrypted connections alone.
    pub(crate) fn redis(authority: &Authority) -> Self {
        let mut command = Command::new("redis-server");
        command.args([
            "--port",
            "0",
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--tls-auth-clients",
            "no",
        ]);
        command.args(["--dir", &authority.file("")]);
        for (option, name) in [("cert", "server.pem"), ("key", "server.key"), ("ca-cert", "ca.pem")] {
            command.args([format!("--tls-{option}-file"), authority.file(name)]);
        }
        Self::run(&mut command, "--tls-port")
    }

    /// Runs a server and waits until it takes connections.
    fn run(command: &mut Command, port_option: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        command.args([port_option, &port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
        let mut server = Self { port, process: command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")) };
        let until = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(server.process.try_wait().unwrap().is_none(), "it ended: {command:?}");
            assert!(Instant::now() < until, "it does not take connections: {command:?}");
            sleep(Duration::from_millis(20));
        }
        server
    }
}

impl Drop for Server {
    /// By SIGINT: Postgres then ends its own processes.
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-INT", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
    }
}

/// Whom Postgres runs as: it refuses to be root.
enum Owner {
    /// The user who runs the test.
    Caller,
    /// Root, under another number.
    Mapped,
    /// The account of the package, where a container allows no other number.
    Package,
}

impl Owner {
    const MAP: [&str; 4] = ["--user", "--map-user=1000", "--map-group=1000", "--"];

    fn of(folder: &Path) -> Self {
        if fs::metadata(folder).unwrap().uid() != 0 {
            return Self::Caller;
        }
        match Command::new("unshare").args(Self::MAP).arg("true").stderr(Stdio::null()).status() {
            Ok(status) if status.success() => Self::Mapped,
            _ => Self::Package,
        }
    }

    /// Makes `folder` its own, and the server's key readable to nobody else, as Postgres insists.
    fn give(&self, folder: &Path) {
        fs::set_permissions(folder.join("server.key"), fs::Permissions::from_mode(0o600)).unwrap();
        if matches!(self, Self::Package) {
            assert!(Command::new("chown").args(["-R", "postgres"]).arg(folder).status().unwrap().success(), "chown");
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
    let mut debian: Vec<PathBuf> = versions.map(|version| version.unwrap().path().join("bin")).collect();
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
