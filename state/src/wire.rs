//! A server of a few lines for this crate's unit tests: it answers connections byte for byte as told, so
//! that cut, late and lost answers can be had.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How one connection is answered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Says {
    /// These bytes after the whole request, then the connection is closed.
    Bytes(&'static str),
    /// A JSON body with this status and these further header lines (each ending in `\r\n`).
    Json(u16, &'static str, &'static str),
    /// Nothing; the connection is closed once the request is there.
    Close,
    /// Nothing at all, for as long as the client waits.
    Silence,
}

/// The requests that came whole, in order; noted before they are answered.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    pub(crate) fn note(&self, request: String) {
        self.0.lock().unwrap().push(request);
    }
}

/// A peer on loopback. Connections beyond the script are closed.
pub(crate) struct Peer {
    address: SocketAddr,
    seen: Seen,
}

impl Peer {
    /// Answers one connection after the other by the script.
    pub(crate) fn new(script: Vec<Says>) -> Self {
        Self::with(script, |stream, says, seen| {
            answer(stream, says, seen);
        })
    }

    /// The same with the connection wrapped in something, such as TLS.
    pub(crate) fn with<F>(script: Vec<Says>, mut serve: F) -> Self
    where
        F: FnMut(TcpStream, Says, &Seen) + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Seen::default();
        let sink = seen.clone();
        // The thread ends with the process; the listener with the thread.
        thread::spawn(move || {
            let mut script = script.into_iter();
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
                serve(stream, script.next().unwrap_or(Says::Close), &sink);
            }
        });
        Self { address, seen }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// The requests that came whole, in order.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.0.lock().unwrap().clone()
    }
}

/// A port on which nothing listens.
pub(crate) fn dead_url() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// Reads one request and says what is to be said; whether there was one.
pub(crate) fn answer<S: Read + Write>(mut stream: S, says: Says, seen: &Seen) -> bool {
    let Some(request) = whole_request(&mut stream) else { return false };
    seen.note(request);
    let bytes = match says {
        Says::Bytes(bytes) => bytes.to_owned(),
        Says::Json(status, headers, body) => format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}",
            body.len()
        ),
        Says::Close => String::new(),
        Says::Silence => {
            // Until the client gives up and closes.
            let _ = stream.read(&mut [0]);
            String::new()
        }
    };
    // A client that has gone away is no fault of the server's.
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
