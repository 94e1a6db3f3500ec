//! TLS to real servers: a Postgres and a Redis whose certificate is of a private CA and names `localhost` alone.

#![cfg(test)]

mod authority;
mod handshake;
mod server;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use shared::cache::Cache;
use shared::config::Env;
use shared::db::Db;

use crate::authority::Authority;

/// What a client is to make of a server.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Expected {
    Connected,
    Refused,
}
use Expected::{Connected, Refused};

/// Settings of a client: a URL, and the file of the private CA if one is set.
fn env(name: &'static str, url: &str, ca: Option<&str>) -> Env {
    let (url, ca) = (url.to_owned(), ca.map(str::to_owned));
    Env::from_fn(move |asked| match asked {
        "TLS_CA_FILE" => ca.clone(),
        asked => (asked == name).then(|| url.clone()),
    })
}

async fn postgres(url: &str, ca: Option<&str>) -> Expected {
    match Db::from_env(&env("DATABASE_URL", url, ca)).unwrap().ping().await {
        Ok(()) => Connected,
        Err(_) => Refused,
    }
}

async fn redis(url: &str, ca: Option<&str>) -> Expected {
    match Cache::from_env(&env("REDIS_URL", url, ca)).unwrap().ping().await {
        Ok(()) => Connected,
        Err(_) => Refused,
    }
}

#[tokio::test]
async fn postgres_is_encrypted_and_checked_as_the_url_asks() {
    shared::tls::install_provider();
    let authority = Authority::new("postgres");
    let server = server::postgres(&authority, "hostssl");
    let (ca, other) = (authority.ca(), Authority::new("postgres-other"));
    for (host, options, ca, expected) in [
        // Unset is `prefer`: encrypted if the server can.
        ("localhost", "", None, Connected),
        ("127.0.0.1", "sslmode=prefer", None, Connected),
        ("localhost", "sslmode=require", None, Connected),
        ("127.0.0.1", "sslmode=require", None, Connected),
        ("localhost", "sslmode=require&channel_binding=require", None, Connected),
        ("localhost", "sslmode=verify-full", Some(ca), Connected),
        ("localhost", "sslmode=verify-full&channel_binding=require", Some(ca), Connected),
        ("localhost", "sslmode=verify-full", None, Refused),
        ("localhost", "sslmode=verify-full", Some(other.ca()), Refused),
        ("127.0.0.1", "sslmode=verify-full", Some(ca), Refused),
        // The server takes nobody who is not encrypted.
        ("localhost", "sslmode=disable", Some(ca), Refused),
    ] {
        let url = format!("postgres://chat:secret@{host}:{}/postgres?{options}", server.port);
        assert_eq!(postgres(&url, ca).await, expected, "{host} {options} {ca:?}");
    }
}

#[tokio::test]
async fn postgres_without_tls_is_refused_by_who_asks_for_it() {
    shared::tls::install_provider();
    let authority = Authority::new("postgres-plain");
    let server = testkit::Server::postgres("host", None, &[]);
    let url = |options: &str| format!("postgres://chat:secret@localhost:{}/postgres?{options}", server.port);
    for options in ["", "sslmode=prefer", "sslmode=disable"] {
        assert_eq!(postgres(&url(options), None).await, Connected, "{options}");
    }
    assert_eq!(postgres(&url("sslmode=require"), None).await, Refused);
    assert_eq!(postgres(&url("sslmode=verify-full"), Some(authority.ca())).await, Refused);
}

#[tokio::test]
async fn who_prefers_tls_goes_without_it_where_the_server_refuses_encrypted_connections() {
    let authority = Authority::new("postgres-nossl");
    let server = server::postgres(&authority, "hostnossl");
    let url = |options: &str| format!("postgres://chat:secret@localhost:{}/postgres?{options}", server.port);
    assert_eq!(postgres(&url("sslmode=prefer"), None).await, Connected);
    assert_eq!(postgres(&url("sslmode=require"), None).await, Refused);
}

#[tokio::test]
async fn a_refusal_says_what_the_url_needs() {
    let authority = Authority::new("postgres-said");
    let server = server::postgres(&authority, "hostssl");
    for (options, said) in [
        ("sslmode=disable", "(28000); if the server demands TLS, the URL needs sslmode=require or verify-full"),
        ("sslmode=verify-full", "invalid peer certificate: UnknownIssuer"),
    ] {
        let url = format!("postgres://chat:secret@localhost:{}/postgres?{options}", server.port);
        let fault = Db::from_env(&env("DATABASE_URL", &url, None)).unwrap().ping().await.unwrap_err().to_string();
        assert!(fault.contains(said) && !fault.contains("secret"), "{fault}");
    }
}

#[test]
fn a_parameter_that_is_not_known_is_said_at_the_start() {
    for (query, said) in [
        ("sslmode=verify-ca", "DATABASE_URL: sslmode is disable, prefer, require or verify-full"),
        ("sslmode=", "DATABASE_URL: sslmode is disable, prefer, require or verify-full"),
        ("pgbouncer=yes", "DATABASE_URL: pgbouncer is true or false"),
        ("hunter2", "DATABASE_URL: is not a valid URL"),
    ] {
        let url = format!("postgres://chat:secret@localhost/chat?{query}");
        let refused = Db::from_env(&env("DATABASE_URL", &url, None)).unwrap_err().to_string();
        assert_eq!(refused, said);
    }
    for query in ["sslmode=disable&pgbouncer=true", "pgbouncer=false&sslmode=prefer&", "connect_timeout=3"] {
        let url = format!("postgres://chat:secret@localhost/chat?{query}");
        assert!(Db::from_env(&env("DATABASE_URL", &url, None)).is_ok(), "{query}");
    }
}

#[tokio::test]
async fn redis_is_encrypted_and_checked_as_the_url_asks() {
    shared::tls::install_provider();
    let authority = Authority::new("redis");
    let server = server::redis(&authority);
    let (ca, other) = (authority.ca(), Authority::new("redis-other"));
    for (url, ca, expected) in [
        (format!("rediss://localhost:{}", server.port), Some(ca), Connected),
        (format!("rediss://localhost:{}", server.port), None, Refused),
        (format!("rediss://localhost:{}", server.port), Some(other.ca()), Refused),
        (format!("rediss://127.0.0.1:{}", server.port), Some(ca), Refused),
        (format!("redis://localhost:{}", server.port), Some(ca), Refused),
    ] {
        assert_eq!(redis(&url, ca).await, expected, "{url} {ca:?}");
    }
}

#[test]
fn a_ca_file_that_is_not_there_is_said_at_the_start() {
    let env = env("DATABASE_URL", "postgres://chat@localhost/chat?sslmode=verify-full", Some("/nowhere/ca.pem"));
    let refused = Db::from_env(&env).unwrap_err().to_string();
    assert!(refused.starts_with("TLS_CA_FILE: "), "{refused}");
}

/// The roots that a deployment may check RDS by: `TLS_CA_FILE` names a region's file in the function's package.
#[test]
fn the_authorities_of_rds_are_those_of_their_region() {
    shared::tls::install_provider();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../certificates/rds");
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() > 20);
    for file in files {
        let (path, region) = (file.to_str().unwrap(), file.file_stem().unwrap().to_str().unwrap());
        let env = env("DATABASE_URL", "postgres://chat@localhost/chat?sslmode=verify-full", Some(path));
        assert!(Db::from_env(&env).is_ok(), "{region}");
        let certificates: Vec<_> = CertificateDer::pem_file_iter(path).unwrap().map(Result::unwrap).collect();
        for algorithm in ["RSA2048", "RSA4096", "ECC384"] {
            let name = format!("Amazon RDS {region} Root CA {algorithm} G1");
            let has =
                |certificate: &CertificateDer<'_>| certificate.windows(name.len()).any(|part| part == name.as_bytes());
            assert!(certificates.iter().any(has), "{name}");
        }
    }
}
