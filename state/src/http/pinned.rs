//! TLS to a server whose certificate no public authority has issued: a gateway makes one for itself, and its owner may name
//! another.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use super::NetError;
use super::tls::{self, TlsPolicy};

/// Files with certificates (PEM) that are trusted beside the system's authorities. They are read anew for each connection: a
/// gateway may make its certificate anew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedCertificates {
    /// The certificate that a gateway of this machine made for itself. Trusted as it is, whatever name it is for; a file that
    /// is missing is none.
    pub own: Option<PathBuf>,
    /// What the owner named: an authority, or the server's own certificate.
    pub named: Option<PathBuf>,
}

impl TrustedCertificates {
    /// How a connection that trusts them is secured.
    pub(super) fn policy(self) -> TlsPolicy {
        if self.own.is_none() && self.named.is_none() {
            return TlsPolicy::system();
        }
        TlsPolicy { hint: self.hint(), config: Arc::new(move || self.client_config()) }
    }

    /// The TLS configuration that trusts them.
    ///
    /// Fails if the file that the owner named has no certificate.
    fn client_config(&self) -> Result<Arc<ClientConfig>, NetError> {
        let own = self.own.as_deref().and_then(read).unwrap_or_default();
        let named = self.named.as_deref().map(read_named).transpose()?.unwrap_or_default();
        // Without the system's authorities those that were named are enough.
        let mut roots = tls::system_roots().unwrap_or_else(|_| RootCertStore::empty().into());
        if !named.is_empty() {
            Arc::make_mut(&mut roots).add_parsable_certificates(named.iter().cloned());
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let authorities =
            WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider)).build().ok();
        let pinned = [own, named].concat();
        let verifier = PinnedVerifier { pinned, authorities, provider: Arc::clone(&provider) };
        let config = tls::builder(provider)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Arc::new(config))
    }

    /// What to do about a certificate that is not accepted.
    fn hint(&self) -> Option<String> {
        let advice = "or set `gateway_ca` in skill-config.json to the certificate it has (PEM)";
        match (&self.named, &self.own) {
            (Some(path), _) => Some(format!(
                "set `gateway_ca` in skill-config.json to the gateway's certificate or its authority's (PEM): `{}` is neither",
                path.display()
            )),
            (None, Some(path)) => Some(format!(
                "restart the gateway, so that it uses the certificate in `{}`, {advice}",
                path.display()
            )),
            (None, None) => None,
        }
    }
}

/// The certificates in a PEM file; `None` if it cannot be read as one.
fn read(path: &Path) -> Option<Vec<CertificateDer<'static>>> {
    let bytes = fs::read(path).ok()?;
    CertificateDer::pem_slice_iter(&bytes).collect::<Result<Vec<_>, _>>().ok()
}

fn read_named(path: &Path) -> Result<Vec<CertificateDer<'static>>, NetError> {
    read(path).filter(|found| !found.is_empty()).ok_or_else(|| {
        NetError::permanent(format!("`gateway_ca`: no certificate in `{}`", path.display()))
            .with_hint("set `gateway_ca` in skill-config.json to a file with the gateway's certificate (PEM)")
    })
}

/// Accepts the pinned certificates as they are, and others by the authorities.
#[derive(Debug)]
struct PinnedVerifier {
    pinned: Vec<CertificateDer<'static>>,
    authorities: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for PinnedVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.pinned.iter().any(|pinned| pinned == end_entity) {
            return Ok(ServerCertVerified::assertion());
        }
        match &self.authorities {
            Some(authorities) => authorities.verify_server_cert(
                end_entity,
                intermediates,
                server_name,
                ocsp_response,
                now,
            ),
            None => Err(CertificateError::UnknownIssuer.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
