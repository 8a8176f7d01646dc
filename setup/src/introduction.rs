//! What setup tells the owner before its questions: what it found on this machine, and which files it is about to touch.

use crate::detect::Detected;
use crate::terminal::Terminal;
use crate::{client, git_ignore};
use state::gateway_config::DefaultAgent;
use state::{invocation, paths, script_client, url};
use std::path::Path;

/// Prints what was found, and the files.
pub fn print(terminal: &Terminal, skill: &Path, detected: &Detected) {
    terminal.print("");
    terminal.print("Found on this machine:");
    for (part, found) in found(skill, detected) {
        terminal.row(part, &found);
    }
    terminal.print("");
    terminal.print("Files that this writes:");
    terminal.row("skill", &format!("{} (0600)", paths::config(skill).display()));
    terminal.row("", &git_ignore::path(skill).display().to_string());
    if let Some(gateway) = &detected.gateway {
        terminal.row("gateway", &format!("{}, only if you say so below", gateway.path().display()));
    }
    terminal.row("system", "a unit of systemd or lines of your crontab, only if you say so below");
    terminal.print("");
}

/// The parts and what was found of each.
fn found(skill: &Path, detected: &Detected) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    match &detected.gateway {
        None => found.push(("gateway", "none".to_owned())),
        Some(gateway) => {
            let agents = match gateway.default_agent() {
                DefaultAgent::Agent(id) => vec![id],
                DefaultAgent::Ambiguous(ids) => ids,
            };
            let first = agents.first().map_or("main", String::as_str);
            let probe = detected.probe(first);
            let version = probe.as_ref().and_then(|probe| probe.version.clone());
            let version = version.map_or_else(String::new, |version| format!(" {version}"));
            let address = gateway.url().map_or_else(|why| why, |url| url::redact(&url));
            let state = match probe.map(|probe| probe.reachable) {
                Some(Ok(())) => "answers".to_owned(),
                Some(Err(why)) => format!("does not answer: {why}"),
                None => "not asked".to_owned(),
            };
            found.push((
                "gateway",
                format!("{}{version} at {address} ({state})", gateway.product()),
            ));
            found.push(("its file", gateway.path().display().to_string()));
            let place = match agents.as_slice() {
                [agent] => format!("{agent}, in {}", gateway.workspace(agent).display()),
                several => format!("one of {}", several.join(", ")),
            };
            found.push(("agent", place));
        }
    }
    found.extend(detected.remarks.iter().map(|remark| ("", remark.clone())));
    let client = if client::is_running(skill) { "runs" } else { "does not run" };
    found.push(("client", client.to_owned()));
    found.extend(script_client::find(skill).map(|pid| ("old client", old_client(pid))));
    found
}

/// What to know about a client of the replaced scripts that still runs.
pub fn old_client(pid: u32) -> String {
    format!(
        "the client of the old scripts (ws-client.js) still runs as process {pid}; it and the new one take the connection \
         from each other. End it with: kill {pid}, then start the new one: {}",
        invocation::command("connect start")
    )
}
