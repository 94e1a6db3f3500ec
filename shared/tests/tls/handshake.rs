//! What a handshake takes.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{ClientConnection, HandshakeKind, NamedGroup, ServerConfig, ServerConnection};
use rustls_pki_types::PrivateKeyDer;

/// Postgres' only curve, until version 18, is P-256: who offers another one first is asked again.
#[test]
fn a_connection_to_postgres_is_agreed_on_at_the_first_try() {
    let issued = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let mut provider = ring::default_provider();
    provider.kx_groups.retain(|group| group.name() == NamedGroup::secp256r1);
    let key = PrivateKeyDer::try_from(issued.signing_key.serialize_der()).unwrap();
    let server = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![issued.cert.der().clone()], key)
        .unwrap();
    let mut server = ServerConnection::new(Arc::new(server)).unwrap();
    let client = shared::tls::of_postgres(None).unwrap();
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
        client.process_new_packets().unwrap();
    }
    assert_eq!(client.handshake_kind(), Some(HandshakeKind::Full));
}
