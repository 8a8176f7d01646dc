//! TLS for https and wss: one configuration with the system's root certificates, and its errors in words.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::sync::{Arc, OnceLock};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::{
    CertificateError, ClientConfig, ClientConnection, ConfigBuilder, RootCertStore, StreamOwned,
    WantsVerifier,
};
use ureq::Error;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport,
    TransportAdapter,
};

use super::NetError;
use super::host::host;
use super::limits::time_left;
use crate::text::sanitize;

const HINT_CA: &str =
    "if a company or a test runs its own authority, set SSL_CERT_FILE to its certificate (PEM)";

/// The configuration that all TLS connections of this process share. The root certificates are loaded at the first call
/// (1.5 to 9 ms): the system's, or those that SSL_CERT_FILE and SSL_CERT_DIR name.
///
/// Fails if there is no root certificate.
pub fn client_config() -> Result<Arc<ClientConfig>, NetError> {
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
pub fn handshake_error(err: &rustls::Error, host: &str) -> NetError {
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

/// The connector that wraps https connections in TLS. Used instead of ureq's, which loads the root certificates before it
/// is known whether there will be a connection, and keeps a second copy of the configuration.
pub(super) struct TlsConnector {
    pub(super) config: TlsConfigSource,
    /// What to do about a certificate that is not accepted, where that is not the authority's affair.
    pub(super) hint: Option<String>,
}

/// Gives the configuration for a connection.
pub(super) type TlsConfigSource =
    Arc<dyn Fn() -> Result<Arc<ClientConfig>, NetError> + Send + Sync>;

impl TlsConnector {
    /// Why the handshake failed: the hint of this server in place of the usual one.
    fn handshake_error(&self, err: &rustls::Error, host: &str) -> NetError {
        let error = handshake_error(err, host);
        match (&self.hint, err) {
            (Some(hint), rustls::Error::InvalidCertificate(_)) => error.with_hint(hint.clone()),
            _ => error,
        }
    }

    fn io_error(&self, err: io::Error, host: &str) -> Error {
        if let Some(err) = err.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return self.handshake_error(err, host).into();
        }
        // A time limit that was reached is among ureq's own errors.
        match Error::from(err) {
            Error::Io(err) => NetError::transient(format!("TLS with `{host}`: {err}")).into(),
            other => other,
        }
    }
}

impl<In: Transport> Connector<In> for TlsConnector {
    type Out = Either<In, TlsTransport>;

    fn connect(
        &self,
        details: &ConnectionDetails,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        let Some(transport) = chained else { return Ok(None) };
        if !details.needs_tls() {
            return Ok(Some(Either::A(transport)));
        }
        let host = host(details.uri);
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| NetError::permanent(format!("`{host}` is no name for a certificate")))?;
        let mut session = ClientConnection::new((self.config)()?, name)
            .map_err(|err| self.handshake_error(&err, host))?;
        let mut stream = TransportAdapter::new(
            Box::new(transport) as Box<dyn Transport>,
            details.current_time.clone(),
        );
        stream.set_timeout(time_left(details));
        session.complete_io(&mut stream).map_err(|err| self.io_error(err, host))?;

        let config = details.config;
        Ok(Some(Either::B(TlsTransport {
            buffers: LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size()),
            stream: StreamOwned::new(session, stream),
        })))
    }
}

/// A connection inside TLS.
pub(super) struct TlsTransport {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter>,
}

impl Transport for TlsTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.stream.get_mut().set_timeout(timeout);
        self.stream.write_all(&self.buffers.output()[..amount])?;
        // While it buffers rustls drops errors of the socket; flushing returns them.
        Ok(self.stream.flush()?)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.stream.get_mut().set_timeout(timeout);
        let amount = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.get_mut().get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl fmt::Debug for TlsConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsConnector")
    }
}

impl fmt::Debug for TlsTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsTransport")
    }
}
