//! Heads and bodies of every length, on real sockets.

use std::time::Duration;

use super::test_server::{Behavior, TestServer};
use super::{HttpClient, HttpRequest, Method, NetError, Response, SendError, TrustedCertificates};

fn send(method: Method, server: &TestServer) -> Result<Response, SendError> {
    let body: Option<&[u8]> = (method == Method::Post).then_some(b"{}");
    let request = HttpRequest { method, url: &server.url(), headers: &[], body };
    HttpClient::for_gateway(TrustedCertificates::default()).send(&request, Duration::from_secs(5))
}

#[test]
fn a_head_of_64_kib_is_read_and_a_longer_one_named() {
    let head = |n: usize| {
        let (start, end) = ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx: ", "\r\n\r\n");
        let bytes = format!("{start}{}{end}{{}}", "y".repeat(n - start.len() - end.len()));
        Behavior::Bytes(bytes.leak())
    };
    for n in [1_000, 4_095, 4_096, 4_097, 5_000, 8_192, 30_000, 65_535, 65_536] {
        for method in [Method::Get, Method::Post] {
            let server = TestServer::new(vec![head(n)]);
            let response = send(method, &server).unwrap();
            assert_eq!((response.body(), response.has_excess()), (&b"{}"[..], false), "{n}");
        }
    }
    for n in [65_537, 70_000, 1 << 20] {
        let server = TestServer::new(vec![head(n)]);
        let why = NetError::transient("the head of the answer is larger than 64 KiB");
        assert_eq!(send(Method::Post, &server).unwrap_err(), SendError::ResponseLost(why), "{n}");
    }
}

#[test]
fn a_long_body_behind_a_long_head_comes_whole() {
    let (head, body) = ("y".repeat(20_000), "z".repeat(300_000));
    let bytes =
        format!("HTTP/1.1 200 OK\r\nx: {head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let server = TestServer::new(vec![Behavior::Bytes(bytes.leak())]);
    let response = send(Method::Get, &server).unwrap();
    assert!(response.body() == body.as_bytes());
}

#[test]
fn more_than_was_announced_is_noticed() {
    for (bytes, has_excess) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", false),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}x", true),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}{}", true),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\nx", true),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", false),
        ("HTTP/1.1 200 OK\r\n\r\n{}", false),
    ] {
        for method in [Method::Get, Method::Post] {
            let server = TestServer::new(vec![Behavior::Bytes(bytes)]);
            let response = send(method, &server).unwrap();
            assert_eq!(
                (response.body(), response.has_excess()),
                (&b"{}"[..], has_excess),
                "{bytes:?}"
            );
        }
    }
}
