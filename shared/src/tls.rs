//! TLS for every client of this process: rustls on ring, the webpki roots, and a private CA where one is configured.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::{ClientConfig, DigitallySignedStruct, NamedGroup, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::config::{ConfigError, Env};

/// Makes ring the process's provider. Must be called first in `main`; a second call changes nothing.
pub fn install_provider() {
    let _ = ring::default_provider().install_default();
}

/// The configuration for a public service: its certificate is checked against webpki's roots; a private CA is not
/// trusted.
pub fn public() -> ClientConfig {
    ClientConfig::builder().with_root_certificates(webpki()).with_no_client_auth()
}

/// The root certificates for a store: webpki's, and those of the PEM file that `TLS_CA_FILE` names (RDS needs its own).
/// That file may be long, so it is read only for the stores.
pub fn roots(env: &Env) -> Result<RootCertStore, ConfigError> {
    let mut roots = webpki();
    if let Some(pem) = private_ca(env)? {
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|error| ConfigError::new("TLS_CA_FILE", error.to_string()))?;
            roots.add(certificate).map_err(|error| ConfigError::new("TLS_CA_FILE", error.to_string()))?;
        }
    }
    Ok(roots)
}

fn webpki() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

/// The bytes of the private CA's PEM file, if one is configured.
pub fn private_ca(env: &Env) -> Result<Option<Vec<u8>>, ConfigError> {
    env.optional("TLS_CA_FILE")
        .map(|path| std::fs::read(path).map_err(|error| ConfigError::new("TLS_CA_FILE", error.to_string())))
        .transpose()
}

/// The configuration for Postgres. The server's certificate is checked against `roots`; without `roots` any certificate
/// is accepted. In libpq these are `verify-full` and `require`.
///
/// Up to version 17 Postgres accepts only the curve P-256 (`ssl_ecdh_curve`). So it is offered first: with another one
/// the server asks again, and every new connection takes one more round trip.
pub fn of_postgres(roots: Option<RootCertStore>) -> Result<ClientConfig, rustls::Error> {
    let mut provider = ring::default_provider();
    provider.kx_groups.sort_by_key(|group| group.name() != NamedGroup::secp256r1);
    let builder = ClientConfig::builder_with_provider(provider.clone().into()).with_safe_default_protocol_versions()?;
    let builder = match roots {
        Some(roots) => builder.with_root_certificates(roots),
        None => builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate(provider))),
    };
    Ok(builder.with_no_client_auth())
}

#[derive(Debug)]
struct AnyCertificate(CryptoProvider);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
