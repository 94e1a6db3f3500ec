//! Turns on TLS in the Postgres of `dev/services`, with a certificate that the functions can verify.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio_postgres::{Client, NoTls};

/// A certificate for 127.0.0.1, and the file of its authority, which is removed when dropped.
#[derive(Debug)]
pub(super) struct Tls {
    ca: PathBuf,
    pub(super) certificate: String,
    pub(super) key: String,
}

impl Tls {
    pub(super) fn ca_file(&self) -> &str {
        self.ca.to_str().expect("a path in UTF-8")
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.ca);
    }
}

/// Gives the server a certificate for 127.0.0.1 and turns encryption on.
pub(super) async fn encrypt(sql: &Client, url: &str) -> Tls {
    let mut authority = CertificateParams::new(Vec::new()).expect("no names");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority =
        CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("a key")).expect("a certificate");
    let key = KeyPair::generate().expect("a key");
    let server = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("an address");
    let server = server.signed_by(&key, &authority).expect("a certificate");
    let ca = std::env::temp_dir().join(format!("chat-backend-bench-ca-{}.pem", std::process::id()));
    fs::write(&ca, authority.pem()).expect("a temporary file");
    let (certificate, key) = (server.pem(), key.serialize_pem());
    // The server writes the files itself: it must own them, and no other user may read the key.
    for (name, pem) in [("server.crt", &certificate), ("server.key", &key)] {
        let lines = pem.trim().replace("\r\n", "\n");
        let copy =
            format!("copy (select unnest(string_to_array('{lines}', E'\\n'))) to program 'umask 077 && cat > {name}'");
        sql.batch_execute(&copy).await.expect("a superuser");
    }
    sql.batch_execute("alter system set ssl = on").await.expect("a superuser");
    sql.batch_execute("select pg_reload_conf()").await.expect("a superuser");
    while !is_encrypting(url).await {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Tls { ca, certificate, key }
}

/// Whether encryption is on for a new connection.
async fn is_encrypting(url: &str) -> bool {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("Postgres answers");
    tokio::spawn(connection);
    client.query_one("show ssl", &[]).await.expect("a setting").get::<_, &str>(0) == "on"
}
