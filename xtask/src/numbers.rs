//! `cargo xtask numbers`: makes the tables of the world's telephone numbers from libphonenumber's metadata.
//!
//! The metadata comes with the Python package `phonenumbers`, which follows Google's releases; its version stands in the
//! first line of each table. What is written is data that a reader can check: one line for each country code.

mod countries;
mod plans;
mod prefixes;
mod zones;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};
use state::exit::Exit;
use state::out::Printer;

use crate::args::NumbersArgs;
use crate::workspace::Workspace;

/// The releases that the tables are made from: the metadata, and the tz database that says which zones are a country's own.
const PACKAGES: [&str; 2] = ["phonenumbers==9.0.43", "tzdata==2026.6"];

/// Writes the tables, or with `--check` only says whether they are those of the package.
pub(crate) fn run(
    workspace: &Workspace,
    args: &NumbersArgs,
    printer: Printer,
) -> anyhow::Result<Exit> {
    let metadata = metadata(workspace)?;
    let version = metadata["version"].as_str().context("the metadata has no version")?;
    let folder = workspace.root().join("state/src/text/numbering");
    let tables = [
        ("countries.txt", countries::table(&metadata, version)?),
        ("plans.txt", plans::table(&metadata, version)?),
        ("zones.txt", zones::table(&metadata, version)?),
    ];
    let mut different = Vec::new();
    for (name, text) in &tables {
        let path = folder.join(name);
        if state::file::read(&path)?.as_deref() != Some(text.as_bytes()) {
            different.push(*name);
            if !args.check {
                write(&path, text).with_context(|| format!("writing `{}`", path.display()))?;
            }
        }
    }
    let document = json!({ "version": version, "changed": different });
    printer.print(&document, || format!("libphonenumber {version}: changed {different:?}"))?;
    Ok(if args.check && !different.is_empty() { Exit::No } else { Exit::Done })
}

#[expect(clippy::disallowed_methods, reason = "a source file: git keeps what was there before")]
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::write(path, text)
}

/// The metadata as JSON. Fails where there is no python3, or the package cannot be had.
fn metadata(workspace: &Workspace) -> anyhow::Result<Value> {
    let folder = workspace.scratch("numbers")?;
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "download", "--quiet", "--no-deps", "--dest"])
        .arg(&folder)
        .args(PACKAGES);
    said(&mut pip).context("downloading the metadata")?;
    let mut dump = Command::new("python3");
    dump.arg(workspace.root().join("xtask/src/numbers/dump.py"));
    for package in PACKAGES {
        dump.arg(wheel(&folder, package)?);
    }
    let json = said(&mut dump).context("reading the metadata")?;
    serde_json::from_slice(&json).context("reading the metadata")
}

fn wheel(folder: &Path, package: &str) -> anyhow::Result<PathBuf> {
    let name = format!("{}-", package.replace("==", "-"));
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.to_string_lossy().contains(&name) {
            return Ok(path);
        }
    }
    bail!("no wheel of {package} in `{}`", folder.display())
}

/// What a command prints. Fails if it does not end well.
fn said(command: &mut Command) -> anyhow::Result<Vec<u8>> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "it ended with {}", output.status);
    Ok(output.stdout)
}
