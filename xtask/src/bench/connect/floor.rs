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
use tungstenite::protocol::Role;
use tungstenite::{Message, WebSocket};

use crate::args::FloorArgs;
use crate::minimal::turn_times::{MARK, turn_in};

type Writer = Arc<Mutex<WebSocket<TcpStream>>>;

/// Connects to the service, then reads a frame, makes the same POST as `connect` on a fresh connection, and writes a frame,
/// with as many threads as there are turns at once. Ends with the connection.
pub(crate) fn run(args: &FloorArgs) -> Result<Exit> {
    let stream = TcpStream::connect(&args.service).context("connecting to the service")?;
    stream.set_nodelay(true)?;
    let written = WebSocket::from_raw_socket(stream.try_clone()?, Role::Client, None);
    let url = format!("ws://{}/ws", args.service);
    let (mut frames, _) =
        tungstenite::client(url, stream).ok().context("the upgrade was refused")?;
    let writer = Arc::new(Mutex::new(written));
    write(&writer, format!(r#"{{"type":"auth","api_key":"{KEY}"}}"#))?;
    frames.read()?;
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
    while let Ok(frame) = frames.read() {
        if let Message::Text(text) = frame
            && let Some(turn) = turn_in(&text)
        {
            requests.send(turn)?;
        }
    }
    Ok(Exit::Done)
}

fn next(turns: &Mutex<Receiver<usize>>) -> Option<usize> {
    turns.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

fn write(writer: &Writer, text: String) -> io::Result<()> {
    let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
    writer.send(Message::text(text)).map_err(io::Error::other)
}

fn hop(gateway: &str, writer: &Writer, turn: usize) -> io::Result<()> {
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
    let mut text = String::new();
    // The gateway hangs up after its response.
    stream.read_to_string(&mut text)?;
    let reply = text.rsplit_once(r#""reply":""#).and_then(|(_, rest)| rest.split_once('"'));
    let reply = reply.map_or("", |(reply, _)| reply);
    write(
        writer,
        format!(r#"{{"type":"deep_tool_result","request_id":"{MARK}{turn}","text":"{reply}"}}"#),
    )
}
