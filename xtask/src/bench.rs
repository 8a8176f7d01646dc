//! `cargo xtask bench`: what the programs cost, beside what a user has today. Figures, never a pass or a failure.

pub(crate) mod connect;
mod figures;
mod flood;
mod memory;
pub(crate) mod process;
mod tools;

use std::env;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, ensure};
use harness::Sandbox;
use serde_json::{Map, Value};
use state::exit::Exit;
use state::out::{self, Printer};

use crate::args::{BenchArgs, BenchPart};
use crate::workspace::{Profile, Workspace};

/// Builds for release, measures the part that was named, or all, prints one JSON document; the tables go to stderr.
pub(crate) fn run(workspace: &Workspace, args: &BenchArgs, printer: Printer) -> Result<ExitCode> {
    if cfg!(debug_assertions) {
        return again_for_release(workspace);
    }
    // What syncing a file costs is part of the figures.
    Sandbox::all_on_disk();
    let programs = workspace.programs(Profile::Release);
    let mut figures = Map::new();
    figures.insert("machine".to_owned(), process::machine());
    for part in args.parts() {
        let (name, value) = match part {
            BenchPart::Tools => ("tools", tools::measure(&programs, args.runs)?),
            BenchPart::Memory => ("memory", memory::measure(&programs, args.runs)?),
            BenchPart::Flood => ("flood", flood::measure(&programs)?),
            BenchPart::Connect => ("connect", connect::measure(&programs, args)?),
        };
        figures.insert(name.to_owned(), value);
    }
    let figures = Value::Object(figures);
    printer.print(&figures, || format!("{figures:#}"))?;
    Ok(Exit::Done.into())
}

/// The peers and the floor are part of what is measured: they are compiled as the programs are.
fn again_for_release(workspace: &Workspace) -> Result<ExitCode> {
    out::progress("building for release");
    let programs = workspace.build(Profile::Release)?;
    let args = ["build", "--release", "--locked", "--package", "xtask"];
    let status = workspace.cargo(&args).status().context("starting cargo")?;
    ensure!(status.success(), "building this program for release failed");
    let ended = Command::new(programs.join("xtask")).args(env::args_os().skip(1)).status();
    let code = ended.context("starting the release build of this program")?.code();
    Ok(ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}
