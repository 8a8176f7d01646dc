//! A server that echoes a secret, in every escape at once and wherever an answer has words.

use crate::Sandbox;
use crate::wire::http;
use crate::wire::listener::Listener;
use crate::wire::stop::Stop;
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

/// The secret in every way that it may be written, in one line.
pub fn every_form(secret: &str) -> Vec<String> {
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

/// Whether a text tells the secret to somebody who undoes its escapes and sees no invisible marks.
pub fn tells(text: &str, secret: &str) -> bool {
    let mut undone = text.to_owned();
    for _ in 0..4 {
        if undone.contains(secret) || (secret == SECRET && undone.contains(ITS_OWN)) {
            return true;
        }
        undone = once_undone(&undone);
    }
    undone.contains(secret)
}

/// One layer of escapes less, and nothing that cannot be seen.
fn once_undone(text: &str) -> String {
    let mut undone = String::new();
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
            undone.push(c);
        }
        rest = &rest[len..];
    }
    undone
}

/// A server that gives every request the same answer, byte for byte.
pub struct Echo {
    listener: Listener,
    says: Arc<Mutex<Vec<u8>>>,
}

impl Echo {
    /// One that says nothing yet.
    pub fn start() -> Self {
        let says: Arc<Mutex<Vec<u8>>> = Arc::default();
        let answer = Arc::clone(&says);
        let listener = Listener::start(0, None, Arc::new(Stop::default()), move |mut stream| {
            stream.read_limit(Some(Duration::from_secs(5)))?;
            http::read(&mut BufReader::new(stream.clone()), 1 << 20)?;
            let bytes = answer.lock().unwrap_or_else(PoisonError::into_inner).clone();
            stream.write_all(&bytes)
        });
        Self { listener: listener.expect("loopback has a free port"), says }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.listener.port())
    }

    /// What it says from now on.
    pub fn says(&self, bytes: Vec<u8>) {
        *self.says.lock().unwrap_or_else(PoisonError::into_inner) = bytes;
    }
}

/// The answers: where in each the words stand, and its bytes.
pub fn answers(words: &str) -> Vec<(&'static str, Vec<u8>)> {
    let quoted = serde_json::Value::from(words).to_string();
    // Headers and addresses are ASCII, and escapes in JSON are the reader's to undo.
    let ascii: String = words.chars().filter(char::is_ascii).collect();
    let units = words.encode_utf16();
    let escaped = units.fold(String::new(), |text, unit| format!("{text}\\u{unit:04x}"));
    let answer = |status: u16, headers: &str, body: &str| {
        let length = body.len();
        let head = "Content-Type: application/json\r\nConnection: close";
        format!("HTTP/1.1 {status} X\r\n{head}\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
            .into_bytes()
    };
    let ids = json!({"call_id": "c1", "id": "m1", "request_id": "a1", "status": "pending"});
    let with_ids = |key: &str| ids.to_string().replacen('{', &format!("{{{key}:{quoted},"), 1);
    let html = format!("<html><head><title>{words}</title></head><body>{words}</body></html>");
    vec![
        ("message", answer(400, "", &format!("{{\"error\":{{\"message\":{quoted}}}}}"))),
        ("code", answer(400, "", &format!("{{\"error\":{{\"code\":{quoted}}}}}"))),
        ("escaped message", answer(400, "", &format!("{{\"message\":\"{escaped}\"}}"))),
        ("unread body", answer(404, "", &format!("{{\"x\":[{quoted}]}}"))),
        ("key refused", answer(401, "", &format!("{{\"error\":{quoted}}}"))),
        ("plain text", answer(400, "", words)),
        ("page title", answer(400, "", &html)),
        ("page instead", answer(200, "", &html)),
        (
            "wrapped",
            answer(
                400,
                "",
                &json!({"message": format!("Telnyx API error (400): {words}")}).to_string(),
            ),
        ),
        ("location path", answer(302, &format!("Location: http://127.0.0.1:9/{ascii}\r\n"), "")),
        ("location host", answer(307, &format!("Location: http://{ascii}/x\r\n"), "")),
        ("header", answer(400, &format!("X-Echo: {ascii}\r\n"), "")),
        ("no header", format!("HTTP/1.1 200 OK\r\nX {ascii}\0\r\n\r\n").into_bytes()),
        ("no status", format!("HTTP/1.1 {ascii} OK\r\n\r\n").into_bytes()),
        ("2xx value", answer(200, "", &with_ids("\"debug\""))),
        ("2xx key", answer(200, "", &with_ids(&quoted))),
        (
            "2xx list",
            answer(
                200,
                "",
                &json!({"messages": [{"body": words}], "data": [{"name": words}]}).to_string(),
            ),
        ),
    ]
}

/// Runs each line of a program against each answer, in both output modes, and fails where the secret is told on stdout
/// or stderr, or stands in a file beside the configuration. Gives how often `***` was shown in its place.
#[track_caller]
pub fn none(program: &str, lines: &[&[&str]]) -> usize {
    let echo = Echo::start();
    let mut n_blanked = 0;
    let forms = every_form(SECRET);
    // Errors are cut: each form is once the first.
    for words in [forms.join(" "), forms.iter().rev().cloned().collect::<Vec<_>>().join(" ")] {
        for (place, answer) in answers(&words) {
            echo.says(answer);
            for line in lines {
                let mut sandbox = Sandbox::new();
                sandbox.config(&json!({"api_key": SECRET, "server": echo.url()}));
                sandbox.env("CLAWDTALK_CLOCK_PERIODS", "100");
                for mode in [&[][..], &["--text"]] {
                    let out = sandbox.run(program, [*line, mode].concat());
                    let told = format!("{}{}", out.out(), out.err());
                    assert!(!tells(&told, SECRET), "{place}: the secret is told\n{out}");
                    n_blanked += usize::from(told.contains("***"));
                    for (path, text) in sandbox.files("skill") {
                        let is_config = path.ends_with("skill-config.json");
                        assert!(
                            is_config || !tells(&text, SECRET),
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
    use super::{SECRET, every_form, tells};

    #[test]
    fn every_form_tells_it_and_others_do_not() {
        for form in every_form(SECRET) {
            assert!(tells(&format!("x {form} y"), SECRET), "{form}");
        }
        for other in ["", "***", "cc_live_", &SECRET[1..], "100% \\u &#;"] {
            assert!(!tells(other, SECRET), "{other}");
        }
    }
}
