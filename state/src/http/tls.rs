//! TLS for https and wss: one configuration, the system's roots, ring, and errors that people understand.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::sync::{Arc, OnceLock};

use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use ureq::Error;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport,
    TransportAdapter,
};

use super::Trouble;
use super::route::{bare_host, time_left};
use crate::words;

const HINT_CA: &str =
    "if a company or a test runs its own authority, set SSL_CERT_FILE to its certificate (PEM)";

/// The configuration that every TLS connection of this process shares. The roots are loaded when it is
/// first asked for (1.5–9 ms): the system's, or those that SSL_CERT_FILE and SSL_CERT_DIR name instead.
///
/// Fails if there is not one root certificate.
pub fn client_config() -> Result<Arc<ClientConfig>, Trouble> {
    static SHARED: OnceLock<Result<Arc<ClientConfig>, Trouble>> = OnceLock::new();
    SHARED.get_or_init(|| with_roots(system_roots()?)).clone()
}

fn system_roots() -> Result<RootCertStore, Trouble> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why = found.errors.first().map(|err| format!(": {}", words::line(&err.to_string())));
        return Err(Trouble::lasting(format!(
            "no system certificates found{}",
            why.unwrap_or_default()
        ))
        .with_hint("install your system's `ca-certificates`, or set SSL_CERT_FILE"));
    }
    Ok(roots)
}

/// A configuration that trusts `roots` and nothing else.
pub(super) fn with_roots(roots: RootCertStore) -> Result<Arc<ClientConfig>, Trouble> {
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .map_err(|err| Trouble::lasting(format!("TLS cannot be used: {err}")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Why a handshake with `host` failed, in one line.
pub fn explain(err: &rustls::Error, host: &str) -> Trouble {
    let rustls::Error::InvalidCertificate(fault) = err else {
        return match err {
            rustls::Error::InvalidMessage(_) => {
                Trouble::lasting(format!("`{host}` does not speak TLS on that port"))
            }
            other => Trouble::passing(format!("TLS with `{host}`: {other}")),
        };
    };
    match fault {
        CertificateError::UnknownIssuer => {
            Trouble::lasting(format!("certificate of `{host}` is not trusted: unknown issuer"))
                .with_hint(HINT_CA)
        }
        // A trusted authority of the same name with another key: made anew, or made up.
        CertificateError::BadSignature => {
            Trouble::lasting(format!("certificate of `{host}` is not trusted: bad signature"))
                .with_hint(HINT_CA)
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Trouble::lasting(format!("certificate of `{host}` is for another name"))
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            Trouble::lasting(format!("certificate of `{host}` has expired"))
                .with_hint("if it has not, this machine's clock is wrong: run `date`")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            Trouble::lasting(format!("certificate of `{host}` is not valid yet"))
                .with_hint("this machine's clock may be wrong: run `date`")
        }
        _ => Trouble::lasting(format!("certificate of `{host}` is not accepted: {err}")),
    }
}

/// Wraps https connections in TLS. Ours rather than ureq's, which wants the roots before it is known
/// whether a connection is made, and keeps a second copy of the configuration.
pub(super) struct Secure {
    /// What is trusted; tests have their own authority.
    pub(super) config: fn() -> Result<Arc<ClientConfig>, Trouble>,
}

impl<In: Transport> Connector<In> for Secure {
    type Out = Either<In, Secured>;

    fn connect(
        &self,
        details: &ConnectionDetails,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        let Some(transport) = chained else { return Ok(None) };
        if !details.needs_tls() {
            return Ok(Some(Either::A(transport)));
        }
        let host = bare_host(details.uri);
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| Trouble::lasting(format!("`{host}` is no name for a certificate")))?;
        let mut session =
            ClientConnection::new((self.config)()?, name).map_err(|err| explain(&err, host))?;
        let mut stream = TransportAdapter::new(
            Box::new(transport) as Box<dyn Transport>,
            details.current_time.clone(),
        );
        stream.set_timeout(time_left(details));
        session.complete_io(&mut stream).map_err(|err| handshake_error(err, host))?;

        let config = details.config;
        Ok(Some(Either::B(Secured {
            buffers: LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size()),
            stream: StreamOwned::new(session, stream),
        })))
    }
}

fn handshake_error(err: io::Error, host: &str) -> Error {
    if let Some(fault) = err.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return explain(fault, host).into();
    }
    // Time limits come back as ureq's own errors.
    match Error::from(err) {
        Error::Io(err) => Trouble::passing(format!("TLS with `{host}`: {err}")).into(),
        other => other,
    }
}

/// A connection inside TLS.
pub(super) struct Secured {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter>,
}

impl Transport for Secured {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.stream.get_mut().set_timeout(timeout);
        self.stream.write_all(&self.buffers.output()[..amount])?;
        // rustls swallows an error of the socket while it buffers; flushing brings it out.
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

impl fmt::Debug for Secure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secure")
    }
}

impl fmt::Debug for Secured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secured")
    }
}
