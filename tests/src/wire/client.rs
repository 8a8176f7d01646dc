//! The plainest HTTP client, for the harness's own tests.

use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;

/// Sends one request on a fresh connection; status, head and body of the response, or an empty head where none came.
pub(crate) fn send_request(port: u16, head: &str, body: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let length = body.len();
    let request = format!("{head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).unwrap();
    let mut response = Vec::new();
    // A connection that is reset sends nothing more.
    let _ = stream.read_to_end(&mut response);
    let response = String::from_utf8(response).unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap_or((&response, ""));
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
    (status, head.to_owned(), body.to_owned())
}

/// The same with a bearer token and JSON both ways; null where the response has no JSON.
pub(crate) fn json(port: u16, token: &str, line: &str, body: &Value) -> (u16, Value) {
    let head = format!("{line} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let (status, _, response) = send_request(port, &head, &body);
    (status, serde_json::from_str(&response).unwrap_or(Value::Null))
}
