//! What a handshake takes, and whose certificates are taken.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{CertificateError, ClientConfig, ClientConnection, Error, HandshakeKind};
use rustls::{NamedGroup, ServerConfig, ServerConnection};
use rustls_pki_types::PrivateKeyDer;

/// A server as Postgres is until version 18, with P-256 for its only curve; nobody vouches for its certificate.
fn server() -> ServerConnection {
    let issued = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let mut provider = ring::default_provider();
    provider.kx_groups.retain(|group| group.name() == NamedGroup::secp256r1);
    let key = PrivateKeyDer::try_from(issued.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![issued.cert.der().clone()], key)
        .unwrap();
    ServerConnection::new(Arc::new(config)).unwrap()
}

/// What a client comes to with that server.
fn shake_hands(client: ClientConfig) -> Result<Option<HandshakeKind>, Error> {
    let mut server = server();
    let mut client = ClientConnection::new(Arc::new(client), "localhost".try_into().unwrap()).unwrap();
    while client.is_handshaking() || server.is_handshaking() {
        let mut flight = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut flight).unwrap();
        }
        server.read_tls(&mut flight.as_slice()).unwrap();
        server.process_new_packets().unwrap();
        let mut flight = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut flight).unwrap();
        }
        client.read_tls(&mut flight.as_slice()).unwrap();
        client.process_new_packets()?;
    }
    Ok(client.handshake_kind())
}

/// Who offers another curve first is asked again.
#[test]
fn a_connection_to_postgres_is_agreed_on_at_the_first_try() {
    assert_eq!(shake_hands(shared::tls::of_postgres(None).unwrap()), Ok(Some(HandshakeKind::Full)));
}

#[test]
fn a_public_service_whom_nobody_vouches_for_is_refused() {
    shared::tls::install_provider();
    let refused = Error::InvalidCertificate(CertificateError::UnknownIssuer);
    assert_eq!(shake_hands(shared::tls::public()), Err(refused));
}
