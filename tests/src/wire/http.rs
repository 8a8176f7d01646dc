//! HTTP/1.1 as far as a simulated server needs it: one request in, one response out, over any stream.

use super::stream::ServerStream;
use serde_json::Value;
use std::fmt::{Display, Write as _};
use std::io::{self, BufRead, BufReader, Read, Write};

/// A request as it came in.
#[derive(Clone, Debug, Default)]
pub(crate) struct ServerRequest {
    pub(crate) method: String,
    /// As on the wire, without the query.
    pub(crate) raw_path: String,
    pub(crate) raw_query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The body was longer than the limit, and was not read.
    pub(crate) too_large: bool,
}

impl ServerRequest {
    /// The path with its percent signs resolved.
    pub(crate) fn path(&self) -> String {
        decode(&self.raw_path, false)
    }

    /// The pairs of the query, decoded (`+` is a blank, as servers read it).
    pub(crate) fn pairs(&self) -> Vec<(String, String)> {
        let pairs = self.raw_query.split('&').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (decode(name, true), decode(value, true)))
            .collect()
    }

    pub(crate) fn query(&self, name: &str) -> Option<String> {
        self.pairs().into_iter().find(|(n, _)| n == name).map(|(_, value)| value)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The body as JSON, or the parser's error.
    pub(crate) fn json(&self) -> Result<Value, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }

    fn wants_close(&self) -> bool {
        self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

/// Reads the next request; `None` when the client is done with the connection.
pub(crate) fn read(
    stream: &mut BufReader<ServerStream>,
    body_limit: usize,
) -> io::Result<Option<ServerRequest>> {
    let Some(first) = line(stream)? else { return Ok(None) };
    let mut words = first.split(' ');
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = ServerRequest {
        method: method.to_owned(),
        raw_path: path.to_owned(),
        raw_query: query.to_owned(),
        ..ServerRequest::default()
    };
    while let Some(header) = line(stream)?.filter(|text| !text.is_empty()) {
        let (name, value) = header.split_once(':').unwrap_or((&header, ""));
        request.headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let chunked =
        request.header("transfer-encoding").is_some_and(|value| value.contains("chunked"));
    let length = request.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
    if length > body_limit {
        request.too_large = true;
        // Read and thrown away: a client that is still sending when the connection closes would not get the response.
        io::copy(&mut stream.take(length as u64), &mut io::sink())?;
    } else if chunked {
        loop {
            let size = line(stream)?.unwrap_or_default();
            let size = usize::from_str_radix(size.trim(), 16).map_err(io::Error::other)?;
            let mut chunk = vec![0; size];
            stream.read_exact(&mut chunk)?;
            line(stream)?;
            if size == 0 {
                break;
            }
            request.body.extend(chunk);
        }
    } else {
        request.body = vec![0; length];
        stream.read_exact(&mut request.body)?;
    }
    Ok(Some(request))
}

/// One line without its end; `None` where the stream ends before it.
fn line(stream: &mut BufReader<ServerStream>) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    if stream.take(64 * 1024).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned()))
}

fn decode(text: &str, plus_is_blank: bool) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        let hex = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match (byte, hex.and_then(|two| u8::from_str_radix(two, 16).ok())) {
            (b'%', Some(decoded)) => {
                bytes.push(decoded);
                rest = &tail[2..];
            }
            (b'+', _) if plus_is_blank => bytes.push(b' '),
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What is sent back.
#[derive(Clone, Debug)]
pub(crate) struct ServerResponse {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl ServerResponse {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json; charset=utf-8", body.to_string())
    }

    pub(crate) fn text(status: u16, body: &str) -> Self {
        Self::new(status, "text/plain; charset=utf-8", body.to_owned())
    }

    pub(crate) fn html(status: u16) -> Self {
        let reason = reason(status);
        let page = format!(
            "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n\
             <center><h1>{status} {reason}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        );
        Self::new(status, "text/html", page)
    }

    pub(crate) fn nothing() -> Self {
        Self { status: 204, headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Display) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    fn new(status: u16, kind: &str, body: String) -> Self {
        Self { status, headers: Vec::new(), body: body.into_bytes() }.with("Content-Type", kind)
    }

    /// Head and body as they go out; `close` announces the end of the connection.
    pub(crate) fn bytes(&self, close: bool) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if close {
            head.push_str("Connection: close\r\n");
        } else {
            head.push_str("Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n");
        }
        if self.status != 204 {
            let _ = write!(head, "Content-Length: {}\r\n", self.body.len());
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }
}

/// How a response reaches the client.
#[derive(Clone, Debug)]
pub(crate) enum Delivery {
    Whole(ServerResponse),
    /// The head and half of the body, then the connection ends.
    Torn(ServerResponse),
    /// The connection ends without a response.
    Cut,
}

/// Sends a response; true when the connection may serve another request.
pub(crate) fn send(
    stream: &mut ServerStream,
    request: &ServerRequest,
    delivery: &Delivery,
) -> io::Result<bool> {
    match delivery {
        Delivery::Whole(response) => {
            let close = request.wants_close() || request.too_large;
            stream.write_all(&response.bytes(close))?;
            if close {
                stream.cut();
            }
            Ok(!close)
        }
        Delivery::Torn(response) => {
            let bytes = response.bytes(true);
            let sent = bytes.len() - response.body.len() + response.body.len() / 2;
            stream.write_all(&bytes[..sent])?;
            stream.cut();
            Ok(false)
        }
        Delivery::Cut => {
            stream.cut();
            Ok(false)
        }
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        413 => "Payload Too Large",
        422 => "Unprocessable Entity",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Unnamed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_as_servers_read_it() {
        let request = ServerRequest {
            raw_query: "contact=%2B1555&page[size]=20&q=a+b&x=%zz".into(),
            ..ServerRequest::default()
        };
        let pairs = request.pairs();
        let pairs: Vec<_> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(pairs, [("contact", "+1555"), ("page[size]", "20"), ("q", "a b"), ("x", "%zz")]);
    }
}
