//! The user's own crontab, borrowed: afterwards it is what it was, or none if there was none.

use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

/// The crontab as it was found.
pub(super) struct Crontab {
    before: Option<String>,
    with_others: String,
}

impl Crontab {
    /// Adds lines that are nobody's to what is there.
    pub(super) fn borrow(others: &str) -> Result<Self> {
        let before = read()?;
        let with_others = format!("{}{others}", before.as_deref().unwrap_or_default());
        let borrowed = Self { before, with_others };
        write(&borrowed.with_others)?;
        Ok(borrowed)
    }

    /// As it stands now.
    pub(super) fn now() -> Result<String> {
        Ok(read()?.unwrap_or_default())
    }

    /// What it was before the programs under test changed it.
    pub(super) fn others(&self) -> &str {
        &self.with_others
    }

    /// Makes it what it was, and looks whether it is.
    pub(super) fn give_back(&self) -> Result<()> {
        match &self.before {
            Some(before) => write(before)?,
            None => drop(run(&["-r"], "")?),
        }
        ensure!(read()? == self.before, "the crontab could not be given back as it was");
        Ok(())
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
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(said.contains("no crontab"), "`crontab -l`: {}", said.trim());
    Ok(None)
}

fn write(text: &str) -> Result<()> {
    run(&["-"], text).map(|_| ())
}

fn run(args: &[&str], stdin: &str) -> Result<String> {
    let mut command = Command::new("crontab");
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().context("starting `crontab`")?;
    if let Some(mut pipe) = child.stdin.take() {
        pipe.write_all(stdin.as_bytes()).context("writing to `crontab`")?;
    }
    let output = child.wait_with_output().context("waiting for `crontab`")?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "`crontab {}`: {}", args.join(" "), said.trim());
    Ok(said)
}
