//! TLS of the HTTP client: which certificates it trusts, with a test authority and with those that gateways make.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use harness::Sandbox;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::tests::{OK, send};
use super::{HttpClient, SendError};
use crate::http::proxy::ProxyRules;
use crate::http::test_server::{self, TestServer};
use crate::http::tls::TlsPolicy;
use crate::http::{Endpoint, Method, NetError, TrustedCertificates, tls};

/// A server with a certificate of a test authority, and a client that trusts that.
pub(super) struct TestTls {
    pub(super) client: Arc<ClientConfig>,
    pub(super) server: Arc<ServerConfig>,
    /// PEM
    certificate: String,
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn trusting(authority: &CertifiedIssuer<'static, KeyPair>) -> Result<Arc<ClientConfig>, NetError> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone()).unwrap();
    tls::with_roots(roots)
}

fn source(
    config: impl Fn() -> Result<Arc<ClientConfig>, NetError> + Send + Sync + 'static,
) -> TlsPolicy {
    TlsPolicy { config: Arc::new(config), hint: None }
}

pub(super) fn trusting_test_authority() -> TlsPolicy {
    source(|| Ok(Arc::clone(&test_tls().client)))
}

pub(super) fn test_tls() -> &'static TestTls {
    static SHARED: OnceLock<TestTls> = OnceLock::new();
    SHARED.get_or_init(|| {
        let authority = authority("ours");
        let key = KeyPair::generate().unwrap();
        let params =
            CertificateParams::new(vec!["localhost".to_owned(), "service.invalid".to_owned()])
                .unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let server = ServerConfig::builder_with_provider(ring)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
            )
            .unwrap();
        let client = trusting(&authority).unwrap();
        TestTls { client, server: Arc::new(server), certificate: certificate.pem() }
    })
}

fn tls_server() -> TestServer {
    TestServer::with(vec![OK, OK], |stream, behavior, requests| {
        let session = ServerConnection::new(Arc::clone(&test_tls().server)).unwrap();
        test_server::answer(StreamOwned::new(session, stream), behavior, requests);
    })
}

#[test]
fn the_configured_authority_is_trusted() {
    let server = tls_server();
    let client = HttpClient::with(&ProxyRules::default(), &trusting_test_authority());
    let url = format!("https://localhost:{}/", server.port());
    let response = send(&client, Method::Post, &url, Duration::from_secs(5)).unwrap();
    assert_eq!(response.status(), 200);
    assert!(server.requests()[0].ends_with("{\"a\":1}"), "{:?}", server.requests());
}

#[track_caller]
fn bad_certificate(client: &HttpClient, host: &str, wanted: &str) {
    let server = tls_server();
    let url = format!("https://{host}:{}/", server.port());
    match send(client, Method::Post, &url, Duration::from_secs(5)).unwrap_err() {
        SendError::NotSent(why) => {
            assert!(why.is_permanent());
            assert_eq!(why.to_string(), wanted);
        }
        other @ SendError::ResponseLost(_) => panic!("{other:?}"),
    }
    assert_eq!(server.requests(), Vec::<String>::new());
}

#[test]
fn nothing_is_sent_to_a_server_with_a_bad_certificate() {
    let trusting_ours = HttpClient::with(&ProxyRules::default(), &trusting_test_authority());
    bad_certificate(&trusting_ours, "127.0.0.1", "certificate of `127.0.0.1` is for another name");
    let trusting_another =
        HttpClient::with(&ProxyRules::default(), &source(|| trusting(&authority("another"))));
    let words = "certificate of `localhost` is not trusted: unknown issuer";
    bad_certificate(&trusting_another, "localhost", words);
    let trusting_namesake =
        HttpClient::with(&ProxyRules::default(), &source(|| trusting(&authority("ours"))));
    let words = "certificate of `localhost` is not trusted: bad signature";
    bad_certificate(&trusting_namesake, "localhost", words);
    let none = || Err(NetError::permanent("no system certificates found"));
    let without_roots = HttpClient::with(&ProxyRules::default(), &source(none));
    bad_certificate(&without_roots, "localhost", "no system certificates found");
}

/// A file with a certificate that some other server made for itself, and one with that of [`tls_server`].
fn certificate_files() -> (Sandbox, PathBuf, PathBuf) {
    let folder = Sandbox::new();
    folder.write("other.pem", &authority("other").pem());
    folder.write("ours.pem", &test_tls().certificate);
    let (other, ours) = (folder.path("other.pem"), folder.path("ours.pem"));
    (folder, other, ours)
}

#[test]
fn a_certificate_that_a_gateway_made_for_itself_is_trusted_whatever_its_name() {
    let (_folder, other, ours) = certificate_files();
    for trusted in [
        TrustedCertificates { own: Some(ours.clone()), named: None },
        TrustedCertificates { own: None, named: Some(ours.clone()) },
        TrustedCertificates { own: Some(other.clone()), named: Some(ours) },
    ] {
        let server = tls_server();
        let url = format!("https://127.0.0.1:{}/", server.port());
        let client = HttpClient::for_gateway(trusted);
        let response = send(&client, Method::Post, &url, Duration::from_secs(5)).unwrap();
        assert_eq!(response.status(), 200);
    }
}

#[test]
fn nothing_is_sent_to_a_gateway_with_another_certificate_than_it_made() {
    let (folder, other, _) = certificate_files();
    let missing = folder.path("missing.pem");
    for (own, named, hint) in [
        (Some(&other), None, "restart the gateway"),
        (Some(&missing), None, "restart the gateway"),
        (None, Some(&other), "set `gateway_ca`"),
        (None, Some(&missing), "set `gateway_ca`"),
    ] {
        let server = tls_server();
        let url = format!("https://127.0.0.1:{}/", server.port());
        let trusted = TrustedCertificates { own: own.cloned(), named: named.cloned() };
        let client = HttpClient::for_gateway(trusted);
        match send(&client, Method::Post, &url, Duration::from_secs(5)).unwrap_err() {
            SendError::NotSent(why) => {
                assert!(why.hint().is_some_and(|words| words.starts_with(hint)), "{why:?}");
            }
            other @ SendError::ResponseLost(_) => panic!("{other:?}"),
        }
        assert_eq!(server.requests(), Vec::<String>::new());
    }
}

#[test]
fn a_websocket_is_opened_by_the_same_rules() {
    let (_folder, other, ours) = certificate_files();
    let certificates = |own| TrustedCertificates { own: Some(own), named: None };
    let deadline = Instant::now() + Duration::from_secs(5);
    for (scheme, own, is_open) in
        [("wss", ours, true), ("wss", other.clone(), false), ("ws", other, true)]
    {
        let url = format!("{scheme}://127.0.0.1:{}/ws", tls_server().port());
        let endpoint = Endpoint::of_gateway(&url, certificates(own)).unwrap();
        assert_eq!(endpoint.connect(deadline).is_ok(), is_open, "{scheme}");
    }
    assert!(Endpoint::of_gateway("wss://no host/", TrustedCertificates::default()).is_err());
}

#[test]
fn nothing_is_sent_if_the_port_does_not_speak_tls() {
    let server = TestServer::with(vec![OK], |mut stream, _, _| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    let client = HttpClient::with(&ProxyRules::default(), &trusting_test_authority());
    let url = format!("https://localhost:{}/", server.port());
    let error = send(&client, Method::Post, &url, Duration::from_secs(5)).unwrap_err();
    let words = "`localhost` does not speak TLS on that port";
    assert_eq!(error, SendError::NotSent(NetError::permanent(words)));
}
