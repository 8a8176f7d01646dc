//! The user's own crontab, borrowed: afterwards it is what it was, or none if there was none.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use state::lock::Lock;

/// How long another check of the same user is waited for.
const TURN: Duration = Duration::from_secs(300);

/// The crontab as it was found.
pub(super) struct Crontab {
    before: Option<String>,
    others: &'static str,
    with_others: String,
    _turn: Lock,
}

impl Crontab {
    /// Adds lines that are nobody's to what is there. One check at a time may.
    pub(super) fn borrow(others: &'static str) -> Result<Self> {
        let turn = Lock::acquire(&std::env::temp_dir().join("clawdtalk-cron-check.lock"), TURN)?;
        // What a check left that was killed.
        let before = read()?.map(|text| text.replace(others, ""));
        let with_others = format!("{}{others}", before.as_deref().unwrap_or_default());
        write(&with_others)?;
        Ok(Self { before, others, with_others, _turn: turn })
    }

    /// As it stands now.
    pub(super) fn now() -> Result<String> {
        Ok(read()?.unwrap_or_default())
    }

    /// What it was before the programs under test changed it.
    pub(super) fn others(&self) -> &str {
        &self.with_others
    }

    /// Makes it what it was, but for what somebody else changed meanwhile.
    pub(super) fn give_back(&self) -> Result<()> {
        let now = Self::now()?.replace(self.others, "");
        if now.is_empty() && self.before.is_none() { run(&["-r"], "") } else { write(&now) }
    }
}

/// `None` if the user has none.
fn read() -> Result<Option<String>> {
    let mut command = Command::new("crontab");
    let output = command.arg("-l").env("LC_ALL", "C").stdin(Stdio::null()).output();
    let output = output.context("running `crontab -l`")?;
    if output.status.success() {
        return Ok(Some(String::from_utf8(output.stdout).context("the crontab is not UTF-8")?));
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(stderr.contains("no crontab"), "`crontab -l`: {}", stderr.trim());
    Ok(None)
}

fn write(text: &str) -> Result<()> {
    run(&["-"], text)
}

fn run(args: &[&str], stdin: &str) -> Result<()> {
    let mut command = Command::new("crontab");
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().context("starting `crontab`")?;
    if let Some(mut pipe) = child.stdin.take() {
        pipe.write_all(stdin.as_bytes()).context("writing to `crontab`")?;
    }
    let output = child.wait_with_output().context("waiting for `crontab`")?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`crontab {}`: {}", args.join(" "), stderr.trim());
    Ok(())
}
