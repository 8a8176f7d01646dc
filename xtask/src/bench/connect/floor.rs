//! The floor: what the two hops of a turn cost when nothing else is done. It has no journal, checks nothing, and could not
//! survive a single fault.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context as _, Result};
use harness::{KEY, TOKEN};
use state::exit::Exit;

use crate::args::FloorArgs;
use crate::minimal::frames::{FrameReader, TEXT, put_masked};
use crate::minimal::gateway::content_length;
use crate::minimal::turn_times::{MARK, turn_in};

/// Connects to the service, then reads a frame, makes the same POST as `connect` on a fresh connection, and writes a frame,
/// with as many threads as there are turns at once. Ends with the connection.
pub(crate) fn run(args: &FloorArgs) -> Result<Exit> {
    let stream = TcpStream::connect(&args.service).context("connecting to the service")?;
    stream.set_nodelay(true)?;
    let mut frames = FrameReader::new(upgrade(stream, &args.service)?);
    let writer = Arc::new(Mutex::new(frames.stream().try_clone()?));
    write(&writer, format!(r#"{{"type":"auth","api_key":"{KEY}"}}"#).as_bytes())?;
    frames.next()?;
    let (requests, turns) = channel::<usize>();
    let turns = Arc::new(Mutex::new(turns));
    for _ in 0..args.in_flight {
        let (turns, writer, gateway) =
            (Arc::clone(&turns), Arc::clone(&writer), args.gateway.clone());
        thread::Builder::new().stack_size(128 << 10).spawn(move || {
            // Both ends are gone at the end of the measurement: then so is this thread.
            while let Some(turn) = next(&turns) {
                let _ = hop(&gateway, &writer, turn);
            }
        })?;
    }
    while let Ok((kind, payload)) = frames.next() {
        if kind == TEXT
            && let Some(turn) = turn_in(payload)
        {
            requests.send(turn)?;
        }
    }
    Ok(Exit::Done)
}

fn next(turns: &Mutex<Receiver<usize>>) -> Option<usize> {
    turns.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

fn write(writer: &Mutex<TcpStream>, text: &[u8]) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(text.len() + 8);
    put_masked(&mut bytes, TEXT, text);
    writer.lock().unwrap_or_else(PoisonError::into_inner).write_all(&bytes)
}

fn hop(gateway: &str, writer: &Mutex<TcpStream>, turn: usize) -> io::Result<()> {
    let body = format!(
        r#"{{"tool":"sessions_send","sessionKey":"agent:main:direct:clawdtalk","args":{{"sessionKey":"agent:main:main","message":"What is on my calendar today? {MARK}{turn}","timeoutSeconds":90}}}}"#
    );
    let request = format!(
        "POST /tools/invoke HTTP/1.1\r\nHost: {gateway}\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(gateway)?;
    stream.set_nodelay(true)?;
    stream.write_all(request.as_bytes())?;
    let (mut bytes, mut end) = ([0; 4096], 0);
    let body = loop {
        let n = stream.read(&mut bytes[end..])?;
        if n == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        end += n;
        let head = bytes[..end].windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(head) = head.filter(|head| {
            content_length(&bytes[..*head]).is_some_and(|length| end >= head + 4 + length)
        }) {
            break &bytes[head + 4..end];
        }
    };
    let text = String::from_utf8_lossy(body);
    let reply = text.rsplit_once(r#""reply":""#).and_then(|(_, rest)| rest.split_once('"'));
    let reply = reply.map_or("", |(reply, _)| reply);
    let result =
        format!(r#"{{"type":"deep_tool_result","request_id":"{MARK}{turn}","text":"{reply}"}}"#);
    write(writer, result.as_bytes())
}

/// Requests the upgrade, and gives the stream once it has been granted.
fn upgrade(mut stream: TcpStream, host: &str) -> Result<TcpStream> {
    let request = format!(
        "GET /ws HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let head =
        crate::minimal::connection::head(&stream).context("reading the response to the upgrade")?;
    anyhow::ensure!(head.starts_with("HTTP/1.1 101"), "the upgrade was refused: {head}");
    Ok(stream)
}
