//! The one runner of all parts.

use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use serde_json::{Value, json};
use state::out;

use super::disk::Disk;
use super::namespace;
use super::part::{Body, Commands, Part};
use super::plan::Plan;
use super::stage::Stage;
use super::tally::Tally;

/// Runs the part. `faults` of the summary lists everything that must not be.
pub(super) fn run(part: &Part, plan: Plan, mount: Option<&Path>) -> Value {
    let began = Instant::now();
    let commands = match &part.body {
        Body::Client(living) => return living.torture(plan).json(began.elapsed()),
        Body::Line(torture) => return torture(plan).json(began.elapsed()),
        Body::Commands(commands) => commands,
    };
    if !commands.is_on_bad_disk {
        return rounds(commands, plan, None).json(began.elapsed());
    }
    let skipped = match mount {
        Some(_) => None,
        None => match namespace::torture(part.name, plan) {
            Ok(summary) => return summary,
            Err(why) => Some(why),
        },
    };
    let disk = Disk::new(mount.map(Path::to_owned));
    let mut summary = rounds(commands, plan, Some(&disk)).json(began.elapsed());
    if let Some(why) = skipped {
        out::warning(&format!("skipped: no disk can be filled here, or made read-only: {why}"));
        summary["skipped"] = json!({ "tmpfs": why, "read_only": why, "no_inodes": why });
    }
    summary
}

/// Batches of rounds on stages of their own, whose seeds follow from the plan's: a fault is found again whichever
/// lane its batch was run on.
fn rounds(commands: &Commands, plan: Plan, disk: Option<&Disk>) -> Tally {
    let began = Instant::now();
    let (tally, next, reached) =
        (Mutex::new(Tally::default()), AtomicUsize::new(0), AtomicU64::new(0));
    let wanted = plan.kills * commands.until.1;
    let is_over = |more: u64| {
        reached.load(Ordering::Relaxed) + more >= wanted || began.elapsed() >= plan.limit
    };
    let lane = || {
        while !is_over(0) {
            let batch = next.fetch_add(1, Ordering::Relaxed);
            let first = if batch == 0 { commands.first } else { &[] };
            let mut stage =
                Stage::new(plan, &commands.conditions, plan.seed.wrapping_add(batch as u64), disk);
            for (n, round) in first.iter().enumerate() {
                round(&mut stage, n);
            }
            for n in 0..commands.batch {
                if is_over(stage.tally.get(commands.until.0)) {
                    break;
                }
                let round = stage.rng.pick(commands.rounds);
                round(&mut stage, batch * commands.batch + n);
            }
            let n = stage.tally.get(commands.until.0);
            let before = reached.fetch_add(n, Ordering::Relaxed);
            if (before + n) / 50 > before / 50 {
                out::progress(&format!("{} {}", before + n, commands.until.0));
            }
            tally.lock().unwrap_or_else(PoisonError::into_inner).add(stage.tally);
        }
    };
    thread::scope(|scope| {
        let lanes: Vec<_> = (0..commands.lanes).map(|_| scope.spawn(lane)).collect();
        for lane in lanes {
            if lane.join().is_err() {
                let broken = "the part broke off: see the panic above".to_owned();
                tally.lock().unwrap_or_else(PoisonError::into_inner).fault(broken);
            }
        }
    });
    tally.into_inner().unwrap_or_else(PoisonError::into_inner)
}
