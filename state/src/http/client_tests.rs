//! The HTTP client on real sockets: which requests were sent, TLS with a test authority, limits, proxies.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::{ServerConnection, StreamOwned};

use super::tls_tests::{test_tls, trusting_test_authority};
use super::{HttpClient, SendError, TrustedCertificates};
use crate::http::proxy::ProxyRules;
use crate::http::test_server::{self, Behavior, RequestLog, TestServer};
use crate::http::{HttpRequest, Method, NetError, Response};

pub(super) const OK: Behavior = Behavior::Json(200, "", "{}");

#[test]
fn a_server_that_listens_at_the_other_loopback_address_only_is_reached() {
    // At a port where no other test listens on 127.0.0.1.
    let listener = loop {
        let Ok(listener) = TcpListener::bind("[::1]:0") else {
            eprintln!("skipped: this machine has no IPv6 loopback");
            return;
        };
        if TcpListener::bind(("127.0.0.1", listener.local_addr().unwrap().port())).is_ok() {
            break listener;
        }
    };
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 1024];
        let n = stream.read(&mut head).unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
            .unwrap();
        String::from_utf8_lossy(&head[..n]).into_owned()
    });
    let url = format!("http://127.0.0.1:{port}/");
    let response = send(&client(), Method::Get, &url, Duration::from_secs(5)).unwrap();
    assert_eq!(response.status(), 200);
    assert!(server.join().unwrap().starts_with("GET / "));
}

pub(super) fn send(
    client: &HttpClient,
    method: Method,
    url: &str,
    within: Duration,
) -> Result<Response, SendError> {
    let body: Option<&[u8]> = (method == Method::Post).then_some(b"{\"a\":1}");
    client.send(&HttpRequest { method, url, headers: &[("x-test", "1")], body }, within)
}

fn client() -> HttpClient {
    HttpClient::for_gateway(TrustedCertificates::default())
}

#[track_caller]
fn lost(behavior: Behavior, within: Duration, why: &str) {
    for method in [Method::Get, Method::Post] {
        let server = TestServer::new(vec![behavior]);
        let error = send(&client(), method, &server.url(), within).unwrap_err();
        assert_eq!(
            error,
            SendError::ResponseLost(NetError::transient(why)),
            "{method} {behavior:?}"
        );
    }
}

#[test]
fn a_request_has_its_headers() {
    let server = TestServer::new(vec![OK]);
    let response = send(&client(), Method::Post, &server.url(), Duration::from_secs(5)).unwrap();
    assert_eq!((response.status(), response.body()), (200, &b"{}"[..]));
    let request = server.requests().remove(0).to_ascii_lowercase();
    for wanted in [
        "post / http/1.1\r\n",
        "user-agent: clawdtalk-tools/",
        "x-test: 1\r\n",
        "connection: close\r\n",
        "content-type: application/json\r\n",
        "content-length: 7\r\n",
    ] {
        assert!(request.contains(wanted), "{wanted} in {request}");
    }
    assert!(!request.contains("transfer-encoding"), "{request}");
}

#[test]
fn a_request_is_sent_in_one_piece() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut bytes = vec![0; 64 << 10];
        let n_read = stream.read(&mut bytes).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
        String::from_utf8(bytes[..n_read].to_vec()).unwrap()
    });
    send(&client(), Method::Post, &url, Duration::from_secs(5)).unwrap();
    let first = server.join().unwrap();
    assert!(first.starts_with("POST / HTTP/1.1\r\n") && first.ends_with("{\"a\":1}"), "{first}");
}

#[test]
fn a_body_of_any_length_arrives_whole() {
    for n in [0, 1, 3_700, 4_096, 4_097, 30_000] {
        let server = TestServer::new(vec![OK]);
        // A body that looks like the end of a head everywhere.
        let body = "\r\n".repeat(n / 2);
        let (url, within) = (server.url(), Duration::from_secs(5));
        let request = HttpRequest {
            method: Method::Post,
            url: &url,
            headers: &[],
            body: Some(body.as_bytes()),
        };
        client().send(&request, within).unwrap();
        let request = server.requests().remove(0);
        assert_eq!(request.split_once("\r\n\r\n").unwrap().1.len(), body.len(), "{n}");
    }
}

#[test]
fn a_long_key_and_a_long_address_fit() {
    let server = TestServer::new(vec![OK]);
    let (key, path) = ("k".repeat(1_900), "p".repeat(1_900));
    let url = format!("{}/{path}", server.url().trim_end_matches('/'));
    let headers = [("authorization", key.as_str())];
    let request =
        HttpRequest { method: Method::Post, url: &url, headers: &headers, body: Some(b"{}") };
    client().send(&request, Duration::from_secs(5)).unwrap();
    let request = server.requests().remove(0);
    assert!(
        request.contains(&key) && request.contains(&path) && request.ends_with("{}"),
        "{request}"
    );
}

#[test]
fn nothing_is_sent_on_a_refused_connection() {
    let error = send(&client(), Method::Post, &test_server::dead_url(), Duration::from_secs(5));
    assert_eq!(error.unwrap_err(), SendError::NotSent(NetError::transient("connection refused")));
}

#[test]
fn nothing_is_sent_to_an_unknown_name() {
    // A label of more than 63 letters is invalid: no resolver looks it up.
    let host = format!("{}.invalid", "x".repeat(64));
    let url = format!("http://{host}/");
    match send(&client(), Method::Post, &url, Duration::from_secs(20)).unwrap_err() {
        SendError::NotSent(why) => {
            let start = format!("looking up `{host}`: ");
            assert!(why.to_string().starts_with(&start), "{why}");
        }
        other @ SendError::ResponseLost(_) => panic!("{other:?}"),
    }
}

#[test]
fn a_response_that_is_cut_off_was_to_a_sent_request() {
    let cut = "the connection was closed before the whole answer came";
    let long = Duration::from_secs(5);
    lost(Behavior::Close, long, cut);
    lost(Behavior::Bytes("HTTP/1.1 200 OK\r\ncontent-le"), long, cut);
    lost(Behavior::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{\"a\""), long, cut);
    lost(
        Behavior::Bytes("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"a\""),
        long,
        cut,
    );
    lost(Behavior::Silence, Duration::from_millis(300), "no answer within 1 s");
}

#[test]
fn the_deadline_is_for_the_whole_request() {
    // One byte at a time: a limit for each read would never be reached.
    let server = TestServer::with(vec![OK], |mut stream, _, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n");
        for _ in 0..100 {
            std::thread::sleep(Duration::from_millis(50));
            if stream.write_all(b" ").is_err() {
                break;
            }
        }
    });
    let start = Instant::now();
    let error =
        send(&client(), Method::Get, &server.url(), Duration::from_millis(400)).unwrap_err();
    assert!(matches!(error, SendError::ResponseLost(_)), "{error:?}");
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}

#[test]
fn an_endless_response_is_an_error() {
    let server = TestServer::with(vec![OK], |mut stream, _, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        let blanks = vec![b' '; 64 << 10];
        while stream.write_all(&blanks).is_ok() {}
    });
    let error = send(&client(), Method::Get, &server.url(), Duration::from_secs(30)).unwrap_err();
    assert_eq!(
        error,
        SendError::ResponseLost(NetError::transient("the answer is larger than 8 MiB"))
    );
}

#[test]
fn a_redirect_is_a_response_and_is_not_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let there = elsewhere.local_addr().unwrap();
    let head: &'static str =
        format!("HTTP/1.1 302 Found\r\nlocation: http://{there}/\r\ncontent-length: 0\r\n\r\n")
            .leak();
    let server = TestServer::new(vec![Behavior::Bytes(head)]);
    let response = send(&client(), Method::Post, &server.url(), Duration::from_secs(5)).unwrap();
    assert_eq!(response.status(), 302);
    assert!(elsewhere.accept().is_err(), "it was followed");
}

#[test]
fn gets_share_a_connection_and_posts_do_not() {
    let response = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
    // Serves any number of requests on each connection, and counts connections.
    let server =
        TestServer::with(vec![Behavior::Bytes(response); 9], |mut stream, behavior, requests| {
            requests.record("a connection".to_owned());
            std::thread::spawn(move || {
                while test_server::answer(&mut stream, behavior, &RequestLog::default()) {}
            });
        });
    let client = client();
    let request = |method| send(&client, method, &server.url(), Duration::from_secs(5)).unwrap();
    request(Method::Get);
    request(Method::Get);
    assert_eq!(server.requests().len(), 1);
    request(Method::Post);
    request(Method::Post);
    assert_eq!(server.requests().len(), 3);
}

fn through(proxy: &TestServer) -> HttpClient {
    let rules = ProxyRules { proxy: Some(proxy.url()), except: String::new() };
    HttpClient::with(&rules, &trusting_test_authority())
}

#[test]
fn a_proxy_opens_a_tunnel_and_looks_the_name_up_itself() {
    let established = "HTTP/1.1 200 Connection established\r\n\r\n";
    let proxy = TestServer::with(vec![OK], move |mut stream, behavior, requests| {
        test_server::answer(&mut stream, Behavior::Bytes(established), requests);
        let session = ServerConnection::new(Arc::clone(&test_tls().server)).unwrap();
        test_server::answer(StreamOwned::new(session, stream), behavior, requests);
    });
    let url = "https://service.invalid/v1/me";
    let response = send(&through(&proxy), Method::Post, url, Duration::from_secs(5)).unwrap();
    assert_eq!(response.status(), 200);
    let requests = proxy.requests();
    assert!(requests[0].starts_with("CONNECT service.invalid:443 HTTP/1.1\r\n"), "{requests:?}");
    assert!(requests[1].starts_with("POST /v1/me HTTP/1.1\r\n"), "{requests:?}");
}

#[test]
fn nothing_is_sent_if_the_proxy_refuses() {
    let refusals =
        ["HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "HTTP/1.1 502 No\r\n\r\n", ""];
    for refusal in refusals {
        let proxy = TestServer::new(vec![Behavior::Bytes(refusal)]);
        let url = "https://service.invalid/";
        let sent = send(&through(&proxy), Method::Post, url, Duration::from_secs(5));
        assert!(matches!(sent.unwrap_err(), SendError::NotSent(_)), "{refusal:?}");
    }
}

#[test]
fn loopback_never_goes_through_a_proxy() {
    let (proxy, here) = (TestServer::new(vec![OK]), TestServer::new(vec![OK]));
    send(&through(&proxy), Method::Get, &here.url(), Duration::from_secs(5)).unwrap();
    assert_eq!((proxy.requests().len(), here.requests().len()), (0, 1));
}
