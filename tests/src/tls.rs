//! A private certificate authority for tests of https and wss.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::Arc;

/// An authority that nobody but the test trusts.
pub struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate with its key, for a server.
#[derive(Clone, Debug)]
pub struct Identity {
    certificate: String,
    key: String,
}

impl Authority {
    /// Makes a new authority.
    #[expect(clippy::new_without_default, reason = "each authority is another one")]
    pub fn new() -> Self {
        let key = KeyPair::generate().expect("the system has randomness");
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "harness authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).expect("these parameters are sound");
        Self { pem: certificate.pem(), issuer: Issuer::new(params, key) }
    }

    /// The authority's own certificate in PEM, to be written to a file that `SSL_CERT_FILE` names.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Certifies a server of that name (`localhost`, an address).
    pub fn issue(&self, name: &str) -> Identity {
        let key = KeyPair::generate().expect("the system has randomness");
        let params = CertificateParams::new(vec![name.to_owned()]).expect("the name is a host");
        let certificate = params.signed_by(&key, &self.issuer).expect("the authority can sign");
        Identity { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

impl Identity {
    /// The certificate in PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The key in PEM.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What a server needs to present this identity.
    pub(crate) fn server_config(&self) -> Arc<ServerConfig> {
        let chain = CertificateDer::pem_slice_iter(self.certificate.as_bytes());
        let chain = chain.collect::<Result<Vec<_>, _>>().expect("this PEM was made here");
        let key =
            PrivateKeyDer::from_pem_slice(self.key.as_bytes()).expect("this PEM was made here");
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring knows the default versions")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("key and certificate belong together");
        Arc::new(config)
    }
}
