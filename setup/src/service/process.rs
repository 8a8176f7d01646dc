//! Runs a program of the system to its end, and says in one line why it failed.

use anyhow::Context as _;
use state::exit::{Exit, Fault};
use state::words;
use std::process::{Command, Stdio};

/// Runs `program`; its stdout, or the reason (exit 4) with `hint`.
pub(super) fn run(program: &str, args: &[&str], hint: &str) -> anyhow::Result<String> {
    let output = Command::new(program).args(args).stdin(Stdio::null()).output();
    let output = output
        .with_context(|| format!("running `{program}`"))
        .map_err(|err| Fault::new(Exit::Unavailable, state::exit::told(&err)).hint(hint))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = words::line(&String::from_utf8_lossy(&output.stderr));
    let why = if said.is_empty() { output.status.to_string() } else { said };
    let text = format!("`{program} {}` failed: {why}", args.join(" "));
    Err(Fault::new(Exit::Unavailable, text).hint(hint).into())
}
