//! Every command that changes something, and the client, on a disk that fails at a random moment: what was reported as
//! done is done, what was acknowledged is there, and nobody is reached twice.

mod calls_and_texts;
mod missions;
mod namespace;
mod reaching_line;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use harness::{Rng, SimulatedGateway};
use serde_json::{Value, json};
use state::exit::Exit;
use state::out::{self, Printer};

use super::bad_disk::Disk;
use super::commands::stage::{CommandStage, Tally};
use super::commands::{LOCAL, Round, setup};
use super::connect;
use super::plan::TorturePlan;
use crate::args;

/// Rounds on one stage: the service's record grows with each, and so does what is on the disk.
const BATCH: usize = 25;

/// What reaches people, and missions from init to their end; oftener than the rest.
const REACHING: [Round; 8] = [
    calls_and_texts::call,
    calls_and_texts::call,
    calls_and_texts::call,
    calls_and_texts::text,
    calls_and_texts::text,
    calls_and_texts::text,
    missions::by_hand,
    missions::by_ticks,
];

/// Disk failures as planned, then counts. `faults` of the summary lists everything that must not be; `skipped` says
/// which kinds of failure this machine does not allow, and why.
pub(super) fn torture(programs: &Path, plan: TorturePlan) -> Value {
    match namespace::torture(programs, plan) {
        Ok(summary) => summary,
        Err(why) => {
            out::warning(&format!("no disk can be filled here, or made read-only: {why}"));
            let mut summary = on(programs, plan, &Disk::new(None));
            summary["skipped"] = json!({ "tmpfs": why, "read_only": why, "no_inodes": why });
            summary
        }
    }
}

/// The part itself, started again where the disk is mounted: prints its summary.
pub(crate) fn run(args: &args::DisksArgs, printer: Printer) -> anyhow::Result<Exit> {
    let limit = Duration::from_millis(args.limit);
    let plan = TorturePlan { kills: args.kills, limit, seed: args.seed };
    let summary = on(&args.programs, plan, &Disk::new(Some(PathBuf::from(&args.mount))));
    printer.print(&summary, || summary.to_string())?;
    Ok(Exit::Done)
}

/// Runs rounds until enough commands were affected by a failing disk.
fn on(programs: &Path, plan: TorturePlan, disk: &Disk) -> Value {
    let (began, mut tally, mut n) = (Instant::now(), Tally::default(), 0);
    let is_over = || disk.affected() >= plan.kills || began.elapsed() >= plan.limit;
    let rounds: Vec<Round> = REACHING.into_iter().chain(LOCAL).collect();
    let (mut reported, mut client) = (0, Value::Null);
    while !is_over() {
        let seed = plan.seed.wrapping_add(n as u64);
        let gateway = SimulatedGateway::start();
        let mut stage = CommandStage::new(programs, seed);
        stage.sandbox.adjust(&json!({
            "gateway_url": gateway.url(), "gateway_token": gateway.token(), "agent_id": "main",
        }));
        stage.disk = Some(disk.clone());
        for _ in 0..BATCH {
            if is_over() {
                break;
            }
            let round = stage.rng.index(rounds.len());
            rounds[round](&mut stage, n);
            n += 1;
        }
        tally.add(std::mem::take(&mut stage.tally));
        drop(stage);
        // However few failures are wanted, the two are among what is tried.
        if !is_over() || client.is_null() {
            // A machine of its own, with a gateway whose configuration is changed.
            tally.add(setup::torture(programs, Rng::new(seed), Some(disk.clone())));
            client = connect::disk::sum(client, &connect::disk::torture(programs, seed, disk));
        }
        if disk.affected() >= reported + 50 {
            reported = disk.affected();
            out::progress(&format!("{reported} failures of the disk, {} commands", tally.commands));
        }
    }
    let (disk_faults, by_command) = disk.json();
    let count =
        |name: &str| usize::try_from(client[name].as_u64().unwrap_or_default()).unwrap_or_default();
    let (lost, doubled) = (tally.lost + count("lost"), tally.doubled + count("doubled"));
    let unreadable = tally.unreadable + count("unreadable");
    let mut faults = tally.faults;
    let of_client = client.as_object_mut().and_then(|client| client.remove("faults"));
    faults.extend(
        of_client
            .iter()
            .flat_map(|of| of.as_array().into_iter().flatten())
            .map(|fault| format!("connect: {}", fault.as_str().unwrap_or_default())),
    );
    json!({
        "commands": tally.commands, "rounds": n, "affected": disk.affected(), "failures": disk_faults,
        "affected_by_command": by_command, "acknowledged": tally.acknowledged,
        "unconfirmed": tally.unconfirmed, "connect": client, "lost": lost, "doubled": doubled,
        "unreadable": unreadable, "faults": faults,
        "seconds": began.elapsed().as_secs(),
    })
}
