//! A model that uses a tool: where it is asked to look something up it thinks aloud, calls a tool of the agent's, takes its
//! time over the result, and ends with an answer. Everything else it repeats.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

/// What a message has to hold for the model to use a tool.
pub(super) const USES_TOOL: &str = "look up";
/// What it thinks before; nobody is to hear that.
pub(super) const THOUGHT: &str = "Let me see: Dana is in Rome.";
/// What it ends with.
pub(super) const ANSWER: &str = "The meeting is at nine.";

/// A tool that every agent has, and that only reads.
const TOOL: &str = "session_status";

/// The model. It ends with the process: its thread waits in `accept`.
pub(super) struct ToolModel {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl ToolModel {
    /// A model that takes this long between the tool's result and its answer.
    pub(super) fn start(thinks: Duration) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("starting a model")?;
        let port = listener.local_addr().context("starting a model")?.port();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let recorded = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let recorded = Arc::clone(&recorded);
                // A connection that breaks off is the gateway's affair.
                thread::spawn(move || serve(&stream, &recorded, thinks));
            }
        });
        Ok(Self { port, asked })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// How many turns began with these words.
    pub(super) fn n_asked(&self, words: &str) -> usize {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.iter().filter(|asked| asked.contains(words)).count()
    }
}

fn serve(stream: &TcpStream, asked: &Mutex<Vec<String>>, thinks: Duration) -> Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut is_post, mut length) = (None, 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim_end();
        is_post.get_or_insert(line.starts_with("POST"));
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    if is_post != Some(true) {
        return respond(
            stream,
            "application/json",
            r#"{"object":"list","data":[{"id":"stub-1"}]}"#,
        );
    }
    let body: Value = serde_json::from_slice(&body)?;
    let messages = body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let asks =
        |message: &Value| message["role"] == "user" && !text_of(&message["content"]).is_empty();
    let place = messages.iter().rposition(asks).context("nobody asks anything")?;
    let last = text_of(&messages[place]["content"]);
    let has_result = messages[place..].iter().any(|message| message["role"] == "tool");
    if !has_result {
        asked.lock().unwrap_or_else(PoisonError::into_inner).push(last.clone());
    }
    let (parts, reason) = if !last.contains(USES_TOOL) {
        (vec![json!({"content": format!("stub reply: {last}")})], "stop")
    } else if has_result {
        thread::sleep(thinks);
        (vec![json!({"content": ANSWER})], "stop")
    } else {
        let call = json!({"index": 0, "id": "call_1", "type": "function",
            "function": {"name": TOOL, "arguments": "{}"}});
        (vec![json!({"content": THOUGHT}), json!({"tool_calls": [call]})], "tool_calls")
    };
    let first = json!({"role": "assistant", "content": ""});
    let parts = [vec![first], parts].concat();
    let chunks = parts.into_iter().map(|delta| (delta, Value::Null));
    let chunks = chunks.chain([(json!({}), json!(reason))]).map(|(delta, reason)| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": reason});
        format!("data: {}\n\n", chunk(&json!([choice])))
    });
    let text: String = chunks.chain(["data: [DONE]\n\n".to_owned()]).collect();
    respond(stream, "text/event-stream", &text)
}

fn chunk(choices: &Value) -> Value {
    json!({"id": "chatcmpl-1", "created": 1, "model": "stub-1", "object": "chat.completion.chunk",
        "choices": choices})
}

fn respond(mut stream: &TcpStream, kind: &str, body: &str) -> Result<()> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    Ok(stream.write_all(body.as_bytes())?)
}

/// The text of a message, plain or in parts, without what the gateway adds of its own.
fn text_of(content: &Value) -> String {
    let mut text = match content.as_array() {
        Some(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        None => content.as_str().unwrap_or_default().to_owned(),
    };
    while let Some((before, rest)) = text.split_once("<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>") {
        let after = rest.split_once("<<<END_OPENCLAW_INTERNAL_CONTEXT>>>").map_or("", |(_, it)| it);
        text = [before, after].concat();
    }
    text.trim().to_owned()
}
