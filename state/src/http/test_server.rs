//! A small HTTP server for the unit tests of this crate. It answers each connection byte for byte as a script says, so that
//! responses can be cut off, late or missing.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What the server does with one connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Behavior {
    /// Sends these bytes after the whole request, then closes the connection.
    Bytes(&'static str),
    /// Sends this status, these further header lines (each ending in `\r\n`) and this JSON body.
    Json(u16, &'static str, &'static str),
    /// Closes the connection after the request.
    Close,
    /// Does nothing, for as long as the client waits.
    Silence,
}

/// The whole requests that were received, in order. Each is recorded before it is answered.
#[derive(Clone, Default)]
pub(crate) struct RequestLog(Arc<Mutex<Vec<String>>>);

impl RequestLog {
    pub(crate) fn record(&self, request: String) {
        self.0.lock().unwrap().push(request);
    }
}

/// A server on loopback. It closes connections beyond the script.
pub(crate) struct TestServer {
    address: SocketAddr,
    requests: RequestLog,
}

impl TestServer {
    /// Handles one connection after the other by the script.
    pub(crate) fn new(script: Vec<Behavior>) -> Self {
        Self::with(script, |stream, behavior, requests| {
            answer(stream, behavior, requests);
        })
    }

    /// The same with another way to handle a connection, such as inside TLS.
    pub(crate) fn with<F>(script: Vec<Behavior>, mut serve: F) -> Self
    where
        F: FnMut(TcpStream, Behavior, &RequestLog) + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = RequestLog::default();
        let log = requests.clone();
        // The thread ends with the process; the listener with the thread.
        thread::spawn(move || {
            let mut script = script.into_iter();
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
                serve(stream, script.next().unwrap_or(Behavior::Close), &log);
            }
        });
        Self { address, requests }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// The whole requests that were received, in order.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.0.lock().unwrap().clone()
    }
}

/// A port on which nothing listens.
pub(crate) fn dead_url() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// Reads one request, records it and behaves as asked; false if no whole request came.
pub(crate) fn answer<S: Read + Write>(
    mut stream: S,
    behavior: Behavior,
    requests: &RequestLog,
) -> bool {
    let Some(request) = whole_request(&mut stream) else { return false };
    requests.record(request);
    let bytes = match behavior {
        Behavior::Bytes(bytes) => bytes.to_owned(),
        Behavior::Json(status, headers, body) => format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}",
            body.len()
        ),
        Behavior::Close => String::new(),
        Behavior::Silence => {
            // Until the client gives up and closes.
            let _ = stream.read(&mut [0]);
            String::new()
        }
    };
    // Fails if the client has closed the connection.
    let _ = stream.write_all(bytes.as_bytes()).and_then(|()| stream.flush());
    true
}

fn whole_request<S: Read>(stream: &mut S) -> Option<String> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.to_ascii_lowercase();
            let length = length.split("content-length: ").nth(1);
            let length = length.and_then(|rest| rest.lines().next()?.trim().parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some(text);
            }
        }
        match stream.read(&mut chunk) {
            Ok(n_bytes) if n_bytes > 0 => bytes.extend_from_slice(&chunk[..n_bytes]),
            _ => return None,
        }
    }
}
