//! A server that echoes a secret in every encoding, and in every place of a response that holds text.

use crate::Sandbox;
use crate::wire::http;
use crate::wire::listener::Listener;
use crate::wire::stop::StopSignal;
use serde_json::json;
use std::io::{BufReader, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A key as the service makes them.
pub const SECRET: &str = "cc_live_0123456789abcdef0123456789abcdef01234567";

/// `Bearer ` and [`SECRET`] in base64, and the part of it that is the secret's alone.
const IN_BASE64: &str =
    "QmVhcmVyIGNjX2xpdmVfMDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nw==";
const ITS_OWN: &str = "jX2xpdmVfMDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2N";

/// The secret in every encoding that a text may have it in, each in one line.
pub fn encodings(secret: &str) -> Vec<String> {
    let each = |write: &dyn Fn(u32) -> String| secret.chars().map(|c| write(c.into())).collect();
    let mut forms: Vec<String> = vec![
        secret.to_owned(),
        each(&|c| format!("\\u{c:04x}")),
        each(&|c| format!("%{c:02x}")),
        each(&|c| format!("%25{c:02X}")),
        each(&|c| format!("&#{c};")),
        each(&|c| format!("{}\u{200b}", char::from_u32(c).unwrap_or_default())),
        format!("{}\u{ad}\u{feff}{}", &secret[..5], &secret[5..]),
        format!("http://127.0.0.1:9/x/{secret}/y?key={secret}#z"),
    ];
    if secret == SECRET {
        forms.push(IN_BASE64.to_owned());
    }
    forms
}

/// Whether a text reveals the secret to somebody who decodes its escapes and ignores invisible characters.
pub fn reveals(text: &str, secret: &str) -> bool {
    let mut decoded = text.to_owned();
    for _ in 0..4 {
        if decoded.contains(secret) || (secret == SECRET && decoded.contains(ITS_OWN)) {
            return true;
        }
        decoded = decode_once(&decoded);
    }
    decoded.contains(secret)
}

/// The text with one layer of escapes decoded, and without invisible characters.
fn decode_once(text: &str) -> String {
    let mut decoded = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let coded = |head: usize, n_digits: usize, tail: usize, radix| {
            let code = u32::from_str_radix(rest.get(head..head + n_digits)?, radix).ok()?;
            Some((head + n_digits + tail, char::from_u32(code)?))
        };
        let escape = match first {
            '\\' if rest.starts_with("\\u") => coded(2, 4, 0, 16),
            '%' => coded(1, 2, 0, 16),
            '&' if rest.starts_with("&#") => {
                rest.find(';').and_then(|end| coded(2, end.checked_sub(2)?, 1, 10))
            }
            _ => None,
        };
        let (len, c) = escape.unwrap_or((first.len_utf8(), first));
        if !matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{feff}') {
            decoded.push(c);
        }
        rest = &rest[len..];
    }
    decoded
}

/// A server that gives every request the same response, byte for byte.
pub struct EchoServer {
    listener: Listener,
    response: Arc<Mutex<Vec<u8>>>,
}

impl EchoServer {
    /// One that sends nothing yet.
    pub fn start() -> Self {
        let response: Arc<Mutex<Vec<u8>>> = Arc::default();
        let sent = Arc::clone(&response);
        let listener =
            Listener::start(0, None, Arc::new(StopSignal::default()), move |mut stream| {
                stream.read_limit(Some(Duration::from_secs(5)))?;
                http::read(&mut BufReader::new(stream.clone()), 1 << 20)?;
                let bytes = sent.lock().unwrap_or_else(PoisonError::into_inner).clone();
                stream.write_all(&bytes)
            });
        Self { listener: listener.expect("loopback has a free port"), response }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.listener.port())
    }

    /// What it sends to every request from now on.
    pub fn respond(&self, bytes: Vec<u8>) {
        *self.response.lock().unwrap_or_else(PoisonError::into_inner) = bytes;
    }
}

/// The responses: where in each the words stand, and its bytes.
pub fn responses(words: &str) -> Vec<(&'static str, Vec<u8>)> {
    let quoted = serde_json::Value::from(words).to_string();
    // Headers and addresses are ASCII, and escapes in JSON are the reader's to undo.
    let ascii: String = words.chars().filter(char::is_ascii).collect();
    let units = words.encode_utf16();
    let escaped = units.fold(String::new(), |text, unit| format!("{text}\\u{unit:04x}"));
    let response = |status: u16, headers: &str, body: &str| {
        let length = body.len();
        let head = "Content-Type: application/json\r\nConnection: close";
        format!("HTTP/1.1 {status} X\r\n{head}\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
            .into_bytes()
    };
    let ids = json!({"call_id": "c1", "id": "m1", "request_id": "a1", "status": "pending"});
    let with_ids = |key: &str| ids.to_string().replacen('{', &format!("{{{key}:{quoted},"), 1);
    let html = format!("<html><head><title>{words}</title></head><body>{words}</body></html>");
    vec![
        ("message", response(400, "", &format!("{{\"error\":{{\"message\":{quoted}}}}}"))),
        ("code", response(400, "", &format!("{{\"error\":{{\"code\":{quoted}}}}}"))),
        ("escaped message", response(400, "", &format!("{{\"message\":\"{escaped}\"}}"))),
        ("unread body", response(404, "", &format!("{{\"x\":[{quoted}]}}"))),
        ("key refused", response(401, "", &format!("{{\"error\":{quoted}}}"))),
        ("plain text", response(400, "", words)),
        ("page title", response(400, "", &html)),
        ("page instead", response(200, "", &html)),
        (
            "wrapped",
            response(
                400,
                "",
                &json!({"message": format!("Telnyx API error (400): {words}")}).to_string(),
            ),
        ),
        ("location path", response(302, &format!("Location: http://127.0.0.1:9/{ascii}\r\n"), "")),
        ("location host", response(307, &format!("Location: http://{ascii}/x\r\n"), "")),
        ("header", response(400, &format!("X-Echo: {ascii}\r\n"), "")),
        ("no header", format!("HTTP/1.1 200 OK\r\nX {ascii}\0\r\n\r\n").into_bytes()),
        ("no status", format!("HTTP/1.1 {ascii} OK\r\n\r\n").into_bytes()),
        ("2xx value", response(200, "", &with_ids("\"debug\""))),
        ("2xx key", response(200, "", &with_ids(&quoted))),
        (
            "2xx list",
            response(
                200,
                "",
                &json!({"messages": [{"body": words}], "data": [{"name": words}]}).to_string(),
            ),
        ),
    ]
}

/// Runs each line of a program against each response, in both output modes, and fails where the secret is on stdout or
/// stderr, or in a file other than the configuration. Gives how often `***` stood in its place.
#[track_caller]
pub fn assert_no_leak(program: &str, lines: &[&[&str]]) -> usize {
    let echo = EchoServer::start();
    let mut n_blanked = 0;
    let forms = encodings(SECRET);
    // Errors are cut: each form is once the first.
    for words in [forms.join(" "), forms.iter().rev().cloned().collect::<Vec<_>>().join(" ")] {
        for (place, response) in responses(&words) {
            echo.respond(response);
            for line in lines {
                let mut sandbox = Sandbox::new();
                sandbox.config(&json!({"api_key": SECRET, "server": echo.url()}));
                sandbox.env("CLAWDTALK_CLOCK_PERIODS", "100");
                for mode in [&[][..], &["--text"]] {
                    let out = sandbox.run(program, [*line, mode].concat());
                    let shown = format!("{}{}", out.out(), out.err());
                    assert!(!reveals(&shown, SECRET), "{place}: the secret is shown\n{out}");
                    n_blanked += usize::from(shown.contains("***"));
                    for (path, text) in sandbox.files("skill") {
                        let is_config = path.ends_with("skill-config.json");
                        assert!(
                            is_config || !reveals(&text, SECRET),
                            "{place}: `{}`\n{out}",
                            path.display()
                        );
                    }
                }
            }
        }
    }
    n_blanked
}

#[cfg(test)]
mod tests {
    use super::{SECRET, encodings, reveals};

    #[test]
    fn every_encoding_reveals_it_and_others_do_not() {
        for form in encodings(SECRET) {
            assert!(reveals(&format!("x {form} y"), SECRET), "{form}");
        }
        for other in ["", "***", "cc_live_", &SECRET[1..], "100% \\u &#;"] {
            assert!(!reveals(other, SECRET), "{other}");
        }
    }
}
