//! `cargo xtask torture`: kill -9 at random moments, over and over, on a machine whose clock is an hour ahead or behind
//! now and then, and count what was lost, doubled or stuck. The target is zero of each.

mod bad_disk;
mod commands;
mod connect;
pub(crate) mod disks;
mod missions;
mod plan;

use std::time::{Duration, SystemTime};

use anyhow::Result;
use serde_json::{Map, Value, json};
use state::exit::Exit;
use state::out::{self, Printer};

use crate::args::{TortureArgs, TorturePart};
use crate::check_result::CheckResult;
use crate::workspace::{Profile, Workspace};
use plan::TorturePlan;

/// Tortures the part that was named, or all, and prints one JSON summary. [`Exit::No`] if anything was lost or doubled.
pub(crate) fn run(workspace: &Workspace, args: &TortureArgs, printer: Printer) -> Result<Exit> {
    let (is_well, summary) = torture(workspace, args)?;
    printer.print(&summary, || format!("{summary:#}"))?;
    Ok(if is_well { Exit::Done } else { Exit::No })
}

/// A short run for ci.
pub(crate) fn shortly(workspace: &Workspace) -> Result<CheckResult> {
    let args =
        TortureArgs { part: None, seconds: 15, seed: None, kills: 10, count: 10, release: false };
    let (is_well, summary) = torture(workspace, &args)?;
    Ok(CheckResult::of(is_well, summary.to_string()))
}

fn torture(workspace: &Workspace, args: &TortureArgs) -> Result<(bool, Value)> {
    let programs = workspace.build(Profile::of_debug(!args.release))?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seed = args.seed.unwrap_or_else(|| u64::from(now.subsec_nanos()));
    let plan = TorturePlan { kills: args.kills, limit: Duration::from_secs(args.seconds), seed };
    let mut parts = Map::new();
    for part in args.parts() {
        let (name, summary) = match part {
            TorturePart::Connect => ("connect", connect::torture(&programs, plan)),
            TorturePart::Soak => ("soak", connect::soak::torture(&programs, plan)),
            TorturePart::Crowd => ("crowd", connect::crowd::torture(&programs)),
            TorturePart::Missions => ("missions", missions::torture(&programs, plan)),
            TorturePart::Commands => ("commands", commands::torture(&programs, plan)),
            TorturePart::Disks => ("disks", disks::torture(&programs, plan)),
            TorturePart::Ticks => ("ticks", missions::ticks(&programs, plan)),
            TorturePart::Races => ("races", missions::races(&programs, plan, args.count)),
        };
        parts.insert(name.to_owned(), summary);
    }
    let n_faults = |part: &Value| part["faults"].as_array().map_or(1, Vec::len);
    let n_faults: usize = parts.values().map(n_faults).sum();
    let is_well = n_faults == 0;
    if !is_well {
        out::error(&format!(
            "something went wrong; the same seed tries the same again: --seed {seed}"
        ));
    }
    let sum = |name: &str| parts.values().filter_map(|part| part[name].as_u64()).sum::<u64>();
    let total = json!({
        "kills": sum("kills"), "jumps": sum("jumps"), "lost": sum("lost"), "doubled": sum("doubled"),
        "unreadable": sum("unreadable"), "faults": n_faults, "seconds": sum("seconds"),
    });
    parts.insert("total".to_owned(), total);
    parts.insert("seed".to_owned(), json!(seed));
    Ok((is_well, Value::Object(parts)))
}
