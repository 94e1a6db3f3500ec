//! Servers with the certificate of an authority.

use std::path::Path;
use std::process::Command;

use testkit::Server;

use crate::authority::Authority;

/// A Postgres with TLS, and with a password that can be bound to the certificate. It takes encrypted connections alone
/// (`hostssl`), or others alone (`hostnossl`).
pub(crate) fn postgres(authority: &Authority, takes: &str) -> Server {
    let (certificate, key) = (authority.file("server.pem"), authority.file("server.key"));
    let tls = ["-c", "ssl=on", "-c", &format!("ssl_cert_file={certificate}"), "-c", &format!("ssl_key_file={key}")];
    Server::postgres(takes, Some(Path::new(&key)), &tls)
}

/// A Redis that takes encrypted connections alone.
pub(crate) fn redis(authority: &Authority) -> Server {
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
    Server::start(&mut command, "--tls-port")
}
