//! Whether a tick that cron runs can use the service.

use std::process::{Command, Stdio};

use anyhow::Context as _;
use state::exit::{Exit, Fault};
use state::sanitize;

use super::crontab_line::program;
use crate::context::CommandContext;

/// The PATH that cron gives to what it runs.
const PATH: &str = "/usr/bin:/bin";

/// Asks the service as a tick under cron will: a key that only this shell has would fail each minute, unseen.
///
/// Fails (exit 3) if the configuration needs the shell's environment; other errors may be gone in a minute.
pub(crate) fn try_key(context: &CommandContext) -> anyhow::Result<()> {
    let program = program(context)?;
    let mut check = Command::new(&program);
    check.args(["check-key", "--quiet", "--deadline", "10", "--skill-dir"]);
    check.arg(context.config.skill_dir()).env_clear().env("PATH", PATH).stdin(Stdio::null());
    if let Some(home) = state::env::home() {
        check.env("HOME", home);
    }
    let output = check.output().with_context(|| format!("running `{}`", program.display()))?;
    if output.status.code() != Some(Exit::NotConfigured as i32) {
        return Ok(());
    }
    let error = sanitize::line(&String::from_utf8_lossy(&output.stderr));
    Err(Fault::not_configured(format!("with cron's environment: {error}"))
        .hint("put the key into the skill folder: run `setup`")
        .into())
}
