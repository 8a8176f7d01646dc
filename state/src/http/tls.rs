//! TLS for https and wss: one configuration with the system's root certificates, and its errors in words.

use std::fmt;
use std::sync::{Arc, OnceLock};

use rustls::crypto::CryptoProvider;
use rustls::{CertificateError, ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};

use super::NetError;
use crate::text::sanitize;

const HINT_CA: &str =
    "if a company or a test runs its own authority, set SSL_CERT_FILE to its certificate (PEM)";

/// The configuration that all TLS connections of this process share. The root certificates are loaded at the first call
/// (1.5 to 9 ms): the system's, or those that SSL_CERT_FILE and SSL_CERT_DIR name.
///
/// Fails if there is no root certificate.
fn client_config() -> Result<Arc<ClientConfig>, NetError> {
    static SHARED: OnceLock<Result<Arc<ClientConfig>, NetError>> = OnceLock::new();
    SHARED.get_or_init(|| with_roots(system_roots()?)).clone()
}

/// The system's root certificates, loaded at the first call.
pub(super) fn system_roots() -> Result<Arc<RootCertStore>, NetError> {
    static SHARED: OnceLock<Result<Arc<RootCertStore>, NetError>> = OnceLock::new();
    SHARED.get_or_init(|| load_system_roots().map(Arc::new)).clone()
}

fn load_system_roots() -> Result<RootCertStore, NetError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why = found.errors.first().map(|err| format!(": {}", sanitize::line(&err.to_string())));
        return Err(NetError::permanent(format!(
            "no system certificates found{}",
            why.unwrap_or_default()
        ))
        .with_hint("install your system's `ca-certificates`, or set SSL_CERT_FILE"));
    }
    Ok(roots)
}

/// A configuration that trusts `roots` and nothing else.
pub(super) fn with_roots(
    roots: impl Into<Arc<RootCertStore>>,
) -> Result<Arc<ClientConfig>, NetError> {
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    Ok(Arc::new(builder(ring)?.with_root_certificates(roots).with_no_client_auth()))
}

/// The beginning of every TLS configuration.
pub(super) fn builder(
    provider: Arc<CryptoProvider>,
) -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, NetError> {
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|err| NetError::permanent(format!("TLS cannot be used: {err}")))
}

/// Why a TLS handshake with `host` failed, in words.
pub(super) fn handshake_error(err: &rustls::Error, host: &str) -> NetError {
    let rustls::Error::InvalidCertificate(reason) = err else {
        return match err {
            rustls::Error::InvalidMessage(_) => {
                NetError::permanent(format!("`{host}` does not speak TLS on that port"))
            }
            other => NetError::transient(format!("TLS with `{host}`: {other}")),
        };
    };
    match reason {
        CertificateError::UnknownIssuer => {
            NetError::permanent(format!("certificate of `{host}` is not trusted: unknown issuer"))
                .with_hint(HINT_CA)
        }
        // Issued by an authority with the name of a trusted one and another key.
        CertificateError::BadSignature => {
            NetError::permanent(format!("certificate of `{host}` is not trusted: bad signature"))
                .with_hint(HINT_CA)
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            NetError::permanent(format!("certificate of `{host}` is for another name"))
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            NetError::permanent(format!("certificate of `{host}` has expired"))
                .with_hint("if it has not, this machine's clock is wrong: run `date`")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            NetError::permanent(format!("certificate of `{host}` is not valid yet"))
                .with_hint("this machine's clock may be wrong: run `date`")
        }
        _ => NetError::permanent(format!("certificate of `{host}` is not accepted: {err}")),
    }
}

/// Which certificates are trusted.
#[derive(Clone)]
pub(super) struct TlsPolicy {
    /// Gives the configuration for a connection.
    pub(super) config: TlsConfigSource,
    /// What to do about a certificate that is not accepted, where that is not the authority's affair.
    pub(super) hint: Option<String>,
}

/// Called once a connection.
pub(super) type TlsConfigSource =
    Arc<dyn Fn() -> Result<Arc<ClientConfig>, NetError> + Send + Sync>;

impl TlsPolicy {
    /// The system's authorities.
    pub(super) fn system() -> Self {
        Self { config: Arc::new(client_config), hint: None }
    }
}

impl fmt::Debug for TlsPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsPolicy")
    }
}
