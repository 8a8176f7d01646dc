//! The agent on real sockets: what left, what did not, TLS with an authority of our own, and its limits.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::proxy::Rules;
use super::{Agent, Failure, Method, Proxied, Reply, Request, Trouble, tls};
use crate::wire::{self, Peer, Says, Seen};

const OK: Says = Says::Json(200, "", "{}");

fn send(agent: &Agent, method: Method, url: &str, within: Duration) -> Result<Reply, Failure> {
    let body: Option<&[u8]> = (method == Method::Post).then_some(b"{\"a\":1}");
    agent.send(&Request { method, url, headers: &[("x-test", "1")], body }, within)
}

fn plain() -> Agent {
    Agent::new(Proxied::Never)
}

#[track_caller]
fn lost(says: Says, within: Duration, why: &str) {
    for method in [Method::Get, Method::Post] {
        let peer = Peer::new(vec![says]);
        let failure = send(&plain(), method, &peer.url(), within).unwrap_err();
        assert_eq!(failure, Failure::Lost(Trouble::passing(why)), "{method} {says:?}");
    }
}

#[test]
fn a_request_says_who_it_is_from() {
    let peer = Peer::new(vec![OK]);
    let reply = send(&plain(), Method::Post, &peer.url(), Duration::from_secs(5)).unwrap();
    assert_eq!((reply.status(), reply.body()), (200, &b"{}"[..]));
    let seen = peer.seen().remove(0).to_ascii_lowercase();
    for wanted in [
        "post / http/1.1\r\n",
        "user-agent: clawdtalk-tools/",
        "x-test: 1\r\n",
        "connection: close\r\n",
        "content-type: application/json\r\n",
        "content-length: 7\r\n",
    ] {
        assert!(seen.contains(wanted), "{wanted} in {seen}");
    }
    assert!(!seen.contains("transfer-encoding"), "{seen}");
}

#[test]
fn a_request_leaves_in_one_piece() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut bytes = vec![0; 64 << 10];
        let n_read = stream.read(&mut bytes).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
        String::from_utf8(bytes[..n_read].to_vec()).unwrap()
    });
    send(&plain(), Method::Post, &url, Duration::from_secs(5)).unwrap();
    let first = server.join().unwrap();
    assert!(first.starts_with("POST / HTTP/1.1\r\n") && first.ends_with("{\"a\":1}"), "{first}");
}

#[test]
fn a_body_of_any_length_arrives_whole() {
    for n in [0, 1, 3_700, 4_096, 4_097, 30_000] {
        let peer = Peer::new(vec![OK]);
        // It looks like the end of a head all the way.
        let body = "\r\n".repeat(n / 2);
        let (url, within) = (peer.url(), Duration::from_secs(5));
        let request =
            Request { method: Method::Post, url: &url, headers: &[], body: Some(body.as_bytes()) };
        plain().send(&request, within).unwrap();
        let seen = peer.seen().remove(0);
        assert_eq!(seen.split_once("\r\n\r\n").unwrap().1.len(), body.len(), "{n}");
    }
}

#[test]
fn a_long_key_and_a_long_address_fit() {
    let peer = Peer::new(vec![OK]);
    let (key, path) = ("k".repeat(1_900), "p".repeat(1_900));
    let url = format!("{}/{path}", peer.url().trim_end_matches('/'));
    let headers = [("authorization", key.as_str())];
    let request = Request { method: Method::Post, url: &url, headers: &headers, body: Some(b"{}") };
    plain().send(&request, Duration::from_secs(5)).unwrap();
    let seen = peer.seen().remove(0);
    assert!(seen.contains(&key) && seen.contains(&path) && seen.ends_with("{}"), "{seen}");
}

#[test]
fn a_refused_connection_never_left() {
    let failure = send(&plain(), Method::Post, &wire::dead_url(), Duration::from_secs(5));
    assert_eq!(failure.unwrap_err(), Failure::NeverLeft(Trouble::passing("connection refused")));
}

#[test]
fn an_unknown_name_never_left() {
    // A label of more than 63 letters: no resolver asks anybody for it.
    let host = format!("{}.invalid", "x".repeat(64));
    let url = format!("http://{host}/");
    match send(&plain(), Method::Post, &url, Duration::from_secs(20)).unwrap_err() {
        Failure::NeverLeft(why) => {
            let looking = format!("looking up `{host}`: ");
            assert!(why.to_string().starts_with(&looking), "{why}");
        }
        other @ Failure::Lost(_) => panic!("{other:?}"),
    }
}

#[test]
fn what_was_cut_had_left() {
    let cut = "the connection was closed before the whole answer came";
    let long = Duration::from_secs(5);
    lost(Says::Close, long, cut);
    lost(Says::Bytes("HTTP/1.1 200 OK\r\ncontent-le"), long, cut);
    lost(Says::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{\"a\""), long, cut);
    lost(
        Says::Bytes("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"a\""),
        long,
        cut,
    );
    lost(Says::Silence, Duration::from_millis(300), "no answer within 1 s");
}

#[test]
fn the_deadline_is_of_the_whole_request() {
    // One byte at a time would never trip a limit per read.
    let peer = Peer::with(vec![OK], |mut stream, _, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n");
        for _ in 0..100 {
            std::thread::sleep(Duration::from_millis(50));
            if stream.write_all(b" ").is_err() {
                break;
            }
        }
    });
    let start = Instant::now();
    let failure = send(&plain(), Method::Get, &peer.url(), Duration::from_millis(400)).unwrap_err();
    assert!(matches!(failure, Failure::Lost(_)), "{failure:?}");
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}

#[test]
fn an_endless_answer_is_an_error() {
    let peer = Peer::with(vec![OK], |mut stream, _, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        let blanks = vec![b' '; 64 << 10];
        while stream.write_all(&blanks).is_ok() {}
    });
    let failure = send(&plain(), Method::Get, &peer.url(), Duration::from_secs(30)).unwrap_err();
    assert_eq!(failure, Failure::Lost(Trouble::passing("the answer is larger than 8 MiB")));
}

#[test]
fn a_redirect_is_an_answer_and_is_not_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let there = elsewhere.local_addr().unwrap();
    let head: &'static str =
        format!("HTTP/1.1 302 Found\r\nlocation: http://{there}/\r\ncontent-length: 0\r\n\r\n")
            .leak();
    let peer = Peer::new(vec![Says::Bytes(head)]);
    let reply = send(&plain(), Method::Post, &peer.url(), Duration::from_secs(5)).unwrap();
    assert_eq!(reply.status(), 302);
    assert!(elsewhere.accept().is_err(), "nobody went there");
}

#[test]
fn gets_keep_a_connection_and_posts_do_not() {
    let kept = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
    // Serves any number of requests on each connection, and counts connections.
    let peer = Peer::with(vec![Says::Bytes(kept); 9], |mut stream, says, seen| {
        seen.note("a connection".to_owned());
        std::thread::spawn(move || while wire::answer(&mut stream, says, &Seen::default()) {});
    });
    let agent = plain();
    let ask = |method| send(&agent, method, &peer.url(), Duration::from_secs(5)).unwrap();
    ask(Method::Get);
    ask(Method::Get);
    assert_eq!(peer.seen().len(), 1);
    ask(Method::Post);
    ask(Method::Post);
    assert_eq!(peer.seen().len(), 3);
}

/// An authority of our own and a server with a certificate by it.
struct Ours {
    trust: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn trusting(authority: &CertifiedIssuer<'static, KeyPair>) -> Result<Arc<ClientConfig>, Trouble> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone()).unwrap();
    tls::with_roots(roots)
}

fn ours() -> &'static Ours {
    static OURS: OnceLock<Ours> = OnceLock::new();
    OURS.get_or_init(|| {
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
        Ours { trust: trusting(&authority).unwrap(), server: Arc::new(server) }
    })
}

fn secure_peer() -> Peer {
    Peer::with(vec![OK, OK], |stream, says, seen| {
        let session = ServerConnection::new(Arc::clone(&ours().server)).unwrap();
        wire::answer(StreamOwned::new(session, stream), says, seen);
    })
}

#[test]
fn our_own_authority_is_trusted_when_told_so() {
    let peer = secure_peer();
    let agent = Agent::built(&Rules::default(), || Ok(Arc::clone(&ours().trust)));
    let url = format!("https://localhost:{}/", peer.port());
    let reply = send(&agent, Method::Post, &url, Duration::from_secs(5)).unwrap();
    assert_eq!(reply.status(), 200);
    assert!(peer.seen()[0].ends_with("{\"a\":1}"), "{:?}", peer.seen());
}

#[track_caller]
fn certificate_fault(agent: &Agent, host: &str, wanted: &str) {
    let peer = secure_peer();
    let url = format!("https://{host}:{}/", peer.port());
    match send(agent, Method::Post, &url, Duration::from_secs(5)).unwrap_err() {
        Failure::NeverLeft(why) => {
            assert!(why.is_lasting());
            assert_eq!(why.to_string(), wanted);
        }
        other @ Failure::Lost(_) => panic!("{other:?}"),
    }
    assert_eq!(peer.seen(), Vec::<String>::new());
}

#[test]
fn a_bad_certificate_is_told_and_nothing_left() {
    let ours = Agent::built(&Rules::default(), || Ok(Arc::clone(&ours().trust)));
    certificate_fault(&ours, "127.0.0.1", "certificate of `127.0.0.1` is for another name");
    let strangers = Agent::built(&Rules::default(), || trusting(&authority("another")));
    let words = "certificate of `localhost` is not trusted: unknown issuer";
    certificate_fault(&strangers, "localhost", words);
    let renewed = Agent::built(&Rules::default(), || trusting(&authority("ours")));
    let words = "certificate of `localhost` is not trusted: bad signature";
    certificate_fault(&renewed, "localhost", words);
    let none =
        Agent::built(&Rules::default(), || Err(Trouble::lasting("no system certificates found")));
    certificate_fault(&none, "localhost", "no system certificates found");
}

#[test]
fn tls_to_a_plain_port_never_left() {
    let peer = Peer::with(vec![OK], |mut stream, _, _| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    let agent = Agent::built(&Rules::default(), || Ok(Arc::clone(&ours().trust)));
    let url = format!("https://localhost:{}/", peer.port());
    let failure = send(&agent, Method::Post, &url, Duration::from_secs(5)).unwrap_err();
    let words = "`localhost` does not speak TLS on that port";
    assert_eq!(failure, Failure::NeverLeft(Trouble::lasting(words)));
}

fn through(proxy: &Peer) -> Agent {
    let rules = Rules { proxy: Some(proxy.url()), except: String::new() };
    Agent::built(&rules, || Ok(Arc::clone(&ours().trust)))
}

#[test]
fn a_proxy_is_asked_for_a_tunnel_and_finds_the_name_itself() {
    let established = "HTTP/1.1 200 Connection established\r\n\r\n";
    let proxy = Peer::with(vec![OK], move |mut stream, says, seen| {
        wire::answer(&mut stream, Says::Bytes(established), seen);
        let session = ServerConnection::new(Arc::clone(&ours().server)).unwrap();
        wire::answer(StreamOwned::new(session, stream), says, seen);
    });
    let url = "https://service.invalid/v1/me";
    let reply = send(&through(&proxy), Method::Post, url, Duration::from_secs(5)).unwrap();
    assert_eq!(reply.status(), 200);
    let seen = proxy.seen();
    assert!(seen[0].starts_with("CONNECT service.invalid:443 HTTP/1.1\r\n"), "{seen:?}");
    assert!(seen[1].starts_with("POST /v1/me HTTP/1.1\r\n"), "{seen:?}");
}

#[test]
fn what_a_proxy_refused_never_left() {
    let refusals =
        ["HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "HTTP/1.1 502 No\r\n\r\n", ""];
    for refusal in refusals {
        let proxy = Peer::new(vec![Says::Bytes(refusal)]);
        let url = "https://service.invalid/";
        let sent = send(&through(&proxy), Method::Post, url, Duration::from_secs(5));
        assert!(matches!(sent.unwrap_err(), Failure::NeverLeft(_)), "{refusal:?}");
    }
}

#[test]
fn loopback_never_goes_through_a_proxy() {
    let (proxy, here) = (Peer::new(vec![OK]), Peer::new(vec![OK]));
    send(&through(&proxy), Method::Get, &here.url(), Duration::from_secs(5)).unwrap();
    assert_eq!((proxy.seen().len(), here.seen().len()), (0, 1));
}
