//! The floor that `connect` is measured against: a bare loop that makes the same two hops and does nothing else. No
//! guard, no journal, no session, no speech, no retries, no JSON reader: only the bytes that have to travel.

use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::thread;

use anyhow::{Context as _, Result};

/// Answers requests from the socket at `service` (`127.0.0.1:PORT`) by asking `gateway`, until the socket ends.
pub(crate) fn run(service: &str, gateway: &str) -> Result<()> {
    let stream = TcpStream::connect(service).with_context(|| format!("connecting to {service}"))?;
    stream.set_nodelay(true)?;
    let writer = Arc::new(Mutex::new(stream.try_clone()?));
    let mut reader = BufReader::new(stream);
    // Nobody checks what the server makes of the key.
    let upgrade = format!(
        "GET /ws HTTP/1.1\r\nHost: {service}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    );
    reader.get_mut().write_all(upgrade.as_bytes())?;
    head(&mut reader)?;
    send(&writer, r#"{"type":"auth","api_key":"floor"}"#)?;
    while let Some(frame) = receive(&mut reader)? {
        let (Some(id), Some(query)) = (field(&frame, "request_id"), field(&frame, "query")) else {
            continue;
        };
        let (id, query) = (id.to_owned(), query.to_owned());
        let (gateway, writer) = (gateway.to_owned(), Arc::clone(&writer));
        // A turn may take a minute, so that even the barest client asks beside its loop.
        thread::spawn(move || {
            let reply = ask(&gateway, &query).unwrap_or_default();
            let frame =
                format!(r#"{{"type":"deep_tool_result","request_id":"{id}","text":"{reply}"}}"#);
            // The loop ends with the socket.
            let _ = send(&writer, &frame);
        });
    }
    Ok(())
}

/// One turn: a fresh connection, one POST, the reply out of its answer.
fn ask(gateway: &str, query: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(gateway)?;
    stream.set_nodelay(true)?;
    let body = format!(
        r#"{{"tool":"sessions_send","sessionKey":"agent:main:direct:clawdtalk","args":{{"sessionKey":"agent:main:main","message":"{query}","timeoutSeconds":90}}}}"#
    );
    let request = format!(
        "POST /tools/invoke HTTP/1.1\r\nHost: {gateway}\r\nAuthorization: Bearer floor\r\n\
         Content-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes())?;
    let mut reader = BufReader::new(stream);
    let length = head(&mut reader)?;
    let mut answer = vec![0; length];
    reader.read_exact(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    Ok(field(&answer, "reply").unwrap_or_default().to_owned())
}

/// Reads a head of HTTP; the length of what follows it.
fn head(reader: &mut BufReader<TcpStream>) -> io::Result<usize> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            return Ok(length);
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
}

/// The value of a plain string field, unescaped or not: our own peers write none that need it.
fn field<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    let start = json.find(&format!("\"{name}\":\""))? + name.len() + 4;
    json[start..].split('"').next()
}

/// The text of the next frame; `None` at the end.
fn receive(reader: &mut BufReader<TcpStream>) -> io::Result<Option<String>> {
    let mut head = [0; 2];
    if reader.read_exact(&mut head).is_err() {
        return Ok(None);
    }
    let length = match head[1] & 0x7f {
        126 => {
            let mut long = [0; 2];
            reader.read_exact(&mut long)?;
            usize::from(u16::from_be_bytes(long))
        }
        short => usize::from(short),
    };
    let mut text = vec![0; length];
    reader.read_exact(&mut text)?;
    Ok(Some(String::from_utf8_lossy(&text).into_owned()))
}

/// Sends a text frame, masked with zeros: that costs what any mask costs the reader, and nothing here.
fn send(writer: &Mutex<TcpStream>, text: &str) -> io::Result<()> {
    let mut frame = vec![0x81];
    // The mask bit, with the length itself or the mark of a longer one.
    if let Ok(short @ 0..=125) = u8::try_from(text.len()) {
        frame.push(0x80 + short);
    } else {
        frame.push(0x80 + 126);
        frame.extend(u16::try_from(text.len()).map_err(io::Error::other)?.to_be_bytes());
    }
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    let mut stream = writer.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    stream.write_all(&frame)
}
