//! Turns on TLS in the Postgres of `dev/services`, with a certificate that the functions can verify.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio_postgres::{Client, NoTls};

/// The certificate authority's file; it is removed when dropped.
#[derive(Debug)]
pub(super) struct Ca(PathBuf);

impl Ca {
    pub(super) fn file(&self) -> &str {
        self.0.to_str().expect("a path in UTF-8")
    }
}

impl Drop for Ca {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Gives the server a certificate for 127.0.0.1 and turns encryption on.
pub(super) async fn encrypt(sql: &Client, url: &str) -> Ca {
    let mut authority = CertificateParams::new(Vec::new()).expect("no names");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority =
        CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("a key")).expect("a certificate");
    let key = KeyPair::generate().expect("a key");
    let server = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("an address");
    let server = server.signed_by(&key, &authority).expect("a certificate");
    let file = std::env::temp_dir().join(format!("chat-backend-bench-ca-{}.pem", std::process::id()));
    fs::write(&file, authority.pem()).expect("a temporary file");
    // The server writes the files itself: it must own them, and no other user may read the key.
    for (name, pem) in [("server.crt", server.pem()), ("server.key", key.serialize_pem())] {
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
    Ca(file)
}

/// Whether encryption is on for a new connection.
async fn is_encrypting(url: &str) -> bool {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("Postgres answers");
    tokio::spawn(connection);
    client.query_one("show ssl", &[]).await.expect("a setting").get::<_, &str>(0) == "on"
}
