//! `cargo xtask torture`: programs are killed, stopped and put to sleep at random moments, their answers are lost or come
//! from somebody else, their files are taken away, the clock jumps, the disk fails; and what was lost, doubled, done without
//! a yes or cannot be read is counted. The target is zero of each.
//!
//! A [`part`] says as data what is run, what is done to it, and what ends it; [`parts`] lists them. A part of commands is a
//! list of [`rounds`] on a [`stage`], each command under a [`harm`]; a part of the client is a way of living ([`client`]). The
//! [`runner`] makes a [`tally`] of either.

mod client;
mod disk;
mod harm;
mod line;
mod namespace;
mod part;
mod parts;
mod plan;
mod rounds;
mod runner;
mod stage;
mod tally;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use clap::builder::PossibleValue;
use serde_json::{Map, Value, json};
use state::exit::Exit;
use state::out::{self, Printer};

use crate::args::TortureArgs;
use crate::check_result::CheckResult;
use crate::workspace::{Profile, Workspace};
use part::Part;
use plan::Plan;
use tally::KINDS;

/// The names of the parts, for the command line.
pub(crate) fn names() -> Vec<PossibleValue> {
    parts::ALL.iter().map(|part| PossibleValue::new(part.name).help(part.about)).collect()
}

/// Tortures the part that was named, or all, and prints one JSON summary. [`Exit::No`] if anything is counted.
pub(crate) fn run(workspace: &Workspace, args: &TortureArgs, printer: Printer) -> Result<Exit> {
    let (is_well, summary) = torture(workspace, args)?;
    printer.print(&summary, || format!("{summary:#}"))?;
    Ok(if is_well { Exit::Done } else { Exit::No })
}

/// A short run for ci.
pub(crate) fn shortly(workspace: &Workspace) -> Result<CheckResult> {
    let args = TortureArgs { seconds: 15, kills: 10, ..TortureArgs::default() };
    let (is_well, summary) = torture(workspace, &args)?;
    Ok(CheckResult::of(is_well, summary.to_string()))
}

fn torture(workspace: &Workspace, args: &TortureArgs) -> Result<(bool, Value)> {
    let profile = Profile::of_debug(!args.release);
    // Where the disk is mounted, everything is built already.
    let programs = match args.mount {
        Some(_) => workspace.programs(profile),
        None => workspace.build(profile)?,
    };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seed = args.seed.unwrap_or_else(|| u64::from(now.subsec_nanos()));
    let limit = Duration::from_secs(args.seconds);
    let (mut summary, mut total) = (Map::new(), BTreeMap::<&str, u64>::new());
    let is_wanted =
        |part: &&&Part| args.part.as_ref().map_or(part.is_usual(), |name| name == part.name);
    for part in parts::ALL.iter().filter(is_wanted) {
        out::progress(&format!("torture {}, --seed {seed}", part.name));
        let plan = Plan { programs: &programs, kills: args.kills, limit, seed };
        let one = runner::run(part, plan, args.mount.as_deref());
        let n_faults = one["faults"].as_array().map_or(1, Vec::len);
        for name in ["kills", "jumps", "seconds"].iter().chain(&KINDS) {
            *total.entry(name).or_default() += one[name].as_u64().unwrap_or_default();
        }
        *total.entry("faults").or_default() += n_faults as u64;
        summary.insert(part.name.to_owned(), one);
    }
    let is_well = total.get("faults") == Some(&0);
    if !is_well {
        let again = "something went wrong; the same seed tries the same again: --seed";
        out::error(&format!("{again} {seed}"));
    }
    summary.insert("total".to_owned(), json!(total));
    summary.insert("seed".to_owned(), seed.into());
    Ok((is_well, summary.into()))
}
