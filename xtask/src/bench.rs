//! `cargo xtask bench`: what the programs cost, beside what a user has today. Figures, never a pass or a failure.

mod figures;
mod process;
mod tools;

use anyhow::Result;
use serde_json::{Map, Value};
use state::exit::Exit;
use state::out::{self, Printer};

use crate::args::{Bench, Part};
use crate::workspace::{Profile, Workspace};

/// Builds for release, measures the parts that were asked for, prints one JSON document; the tables go to stderr.
pub(crate) fn run(workspace: &Workspace, args: &Bench, printer: Printer) -> Result<Exit> {
    out::progress("building for release");
    let programs = workspace.build(Profile::Release)?;
    let mut figures = Map::new();
    figures.insert("machine".to_owned(), process::machine());
    for part in args.parts() {
        let (name, value) = match part {
            Part::Tools => ("tools", tools::measure(&programs, args.runs)?),
        };
        figures.insert(name.to_owned(), value);
    }
    let figures = Value::Object(figures);
    printer.document(&figures, || format!("{figures:#}"))?;
    Ok(Exit::Done)
}
