//! Runs a program of the system to its end, and says in one line why it failed.

use anyhow::Context as _;
use state::exit::{Exit, Fault};
use state::sanitize;
use std::process::{Command, Stdio};

/// Runs `program` and gives its stdout. Fails (exit 4) with its own words and with `hint`.
pub(super) fn run(program: &str, args: &[&str], hint: &str) -> anyhow::Result<String> {
    let output = Command::new(program).args(args).stdin(Stdio::null()).output();
    let output = output
        .with_context(|| format!("running `{program}`"))
        .map_err(|err| Fault::new(Exit::Unavailable, state::exit::one_line(&err)).hint(hint))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let stderr = sanitize::line(&String::from_utf8_lossy(&output.stderr));
    let why = if stderr.is_empty() { output.status.to_string() } else { stderr };
    let text = format!("`{program} {}` failed: {why}", args.join(" "));
    Err(Fault::new(Exit::Unavailable, text).hint(hint).into())
}
