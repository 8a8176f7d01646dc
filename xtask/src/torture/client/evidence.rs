//! What the client leaves behind at the end of each run: its journal, and its log.

use std::collections::{HashMap, HashSet};

use harness::Sandbox;
use serde_json::Value;
use state::paths;

/// Everything that was found, over all lives.
#[derive(Default)]
pub(super) struct Evidence {
    /// Keys of requests that were accepted.
    pub(super) accepted: HashSet<String>,
    /// The first reply that was ready, by the key that it belongs to.
    pub(super) ready: HashMap<String, String>,
    /// Keys of texts that the log reports as given up; no frame reports that.
    pub(super) given_up: HashSet<String>,
    /// Keys of replies that were given up as too old.
    pub(super) expired: HashSet<String>,
    /// Whether the disk was full at times: a line may be torn then that others follow.
    pub(super) may_be_torn: bool,
    /// What must not be.
    pub(super) faults: Vec<String>,
}

/// Whether this is the first part of a line, or none of it.
fn is_beginning(line: &[u8]) -> bool {
    let first = b"{\"at\":";
    line.starts_with(first) || first.starts_with(line)
}

/// The log's words for a text without a reply.
const GIVEN_UP: [&str; 5] = [
    "reply unconfirmed",
    "reply not sent",
    "not answered: ",
    "no late reply came",
    "interrupted by the restart: ",
];

impl Evidence {
    /// Collects what a client that has ended has left. A kill may tear the last line, and no other.
    pub(super) fn collect(&mut self, sandbox: &Sandbox, stderr: &str) {
        let bytes = std::fs::read(paths::journal(&sandbox.skill())).unwrap_or_default();
        let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
        for (n, line) in lines.iter().enumerate() {
            match serde_json::from_slice::<Value>(line) {
                Ok(line) => self.line(&line),
                // After an end that is not known, a line begins anew: a blank one holds nothing.
                Err(_) if n + 1 == lines.len() || line.is_empty() => {}
                Err(_) if self.may_be_torn && is_beginning(line) => {}
                Err(err) => self.faults.push(format!(
                    "line {} of the journal cannot be read ({err}): {}",
                    n + 1,
                    String::from_utf8_lossy(line)
                )),
            }
        }
        for line in stderr.lines() {
            if let Some((key, _)) = line.split_once(": expired undelivered") {
                self.expired.insert(key.to_owned());
            }
            if line.starts_with("text:")
                && GIVEN_UP.iter().any(|words| line.contains(words))
                && let Some((key, _)) = line.split_once(": ")
            {
                self.given_up.insert(key.to_owned());
            }
            if line.starts_with("panicked at") {
                self.faults.push(format!("something panicked: {line}"));
            }
        }
    }

    fn line(&mut self, line: &Value) {
        let Some(key) = line["key"].as_str() else { return };
        self.accepted.insert(key.to_owned());
        if let (Some("answered"), Some(body)) = (line["step"].as_str(), line["body"].as_str()) {
            self.ready.entry(key.to_owned()).or_insert_with(|| body.to_owned());
        }
    }
}
