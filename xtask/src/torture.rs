//! `cargo xtask torture`: kill -9 at random moments, over and over, on a machine whose clock is an hour ahead or behind
//! now and then, and count what was lost, doubled or stuck. The target is zero of each.

mod commands;
mod connect;
pub(crate) mod disks;
mod missions;

use std::time::{Duration, SystemTime};

use anyhow::Result;
use serde_json::{Map, Value, json};
use state::exit::Exit;
use state::out::{self, Printer};

use crate::args::{Torture, Tortured};
use crate::verdict::Verdict;
use crate::workspace::{Profile, Workspace};

/// How long and how hard, and the seed that decides every random moment.
#[derive(Clone, Copy, Debug)]
struct Plan {
    kills: usize,
    limit: Duration,
    seed: u64,
}

/// Tortures the parts that were asked for and prints one JSON summary. [`Exit::No`] if anything was lost or doubled.
pub(crate) fn run(workspace: &Workspace, args: &Torture, printer: Printer) -> Result<Exit> {
    let (well, summary) = torture(workspace, args)?;
    printer.document(&summary, || format!("{summary:#}"))?;
    Ok(if well { Exit::Done } else { Exit::No })
}

/// A short run for ci.
pub(crate) fn shortly(workspace: &Workspace) -> Result<Verdict> {
    let args =
        Torture { part: None, seconds: 15, seed: None, kills: 10, count: 10, release: false };
    let (well, summary) = torture(workspace, &args)?;
    Ok(Verdict::of(well, summary.to_string()))
}

fn torture(workspace: &Workspace, args: &Torture) -> Result<(bool, Value)> {
    let programs = workspace.build(Profile::of_debug(!args.release))?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seed = args.seed.unwrap_or_else(|| u64::from(now.subsec_nanos()));
    let plan = Plan { kills: args.kills, limit: Duration::from_secs(args.seconds), seed };
    let mut parts = Map::new();
    for part in args.parts() {
        let (name, summary) = match part {
            Tortured::Connect => ("connect", connect::torture(&programs, plan)),
            Tortured::Soak => ("soak", connect::soak::torture(&programs, plan)),
            Tortured::Crowd => ("crowd", connect::crowd::torture(&programs)),
            Tortured::Missions => ("missions", missions::torture(&programs, plan)),
            Tortured::Commands => ("commands", commands::torture(&programs, plan)),
            Tortured::Disks => ("disks", disks::torture(&programs, plan)),
            Tortured::Ticks => ("ticks", missions::ticks(&programs, plan)),
            Tortured::Races => ("races", missions::races(&programs, plan, args.count)),
        };
        parts.insert(name.to_owned(), summary);
    }
    let n_faults = |part: &Value| part["faults"].as_array().map_or(1, Vec::len);
    let n_faults: usize = parts.values().map(n_faults).sum();
    let well = n_faults == 0;
    if !well {
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
    Ok((well, Value::Object(parts)))
}
