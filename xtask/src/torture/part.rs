//! A part of the torture as data, and the one runner of all parts.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use state::out;

use super::client::Living;
use super::disk::Disk;
use super::namespace;
use super::stage::{Answer, Harm, Stage};
use super::tally::Tally;

/// One thing after the other, each with a number of its own, so that its effects can be found.
pub(super) type Round = fn(&mut Stage, usize);

/// What is tortured, how, and what is counted.
pub(super) struct Part {
    /// Its name on the command line and in the summary.
    pub(super) name: &'static str,
    /// What it does, for the help.
    pub(super) about: &'static str,
    /// Whether it runs when no part is named.
    pub(super) is_usual: bool,
    /// What of the tally ends it, and how much of that stands for one kill that is wanted.
    pub(super) until: (&'static str, u64),
    /// What is run.
    pub(super) body: Body,
}

/// What a part runs.
pub(super) enum Body {
    /// Rounds of commands.
    Commands(Commands),
    /// A client that lives beside a service, a gateway and callers.
    Client(Living),
}

/// Rounds of commands: what is run, and what is done to each command. Numbers say how often.
pub(super) struct Commands {
    pub(super) rounds: &'static [(u64, Round)],
    /// Rounds that come once, before all others.
    pub(super) first: &'static [Round],
    pub(super) harms: &'static [(u64, Harm)],
    pub(super) answers: &'static [(u64, Answer)],
    /// Rounds on one stage: the service's record grows with each, and so would the time that one takes.
    pub(super) batch: usize,
    /// Stages at once.
    pub(super) lanes: usize,
    /// The programs' periods are divided by this.
    pub(super) periods: u32,
    /// Whether every command runs on a disk that fails, in place of the harms.
    pub(super) is_on_bad_disk: bool,
}

impl Commands {
    /// One stage after the other, on healthy disks.
    pub(super) const USUAL: Self = Self {
        rounds: &[],
        first: &[],
        harms: &[],
        answers: &[],
        batch: 25,
        lanes: 1,
        periods: 10,
        is_on_bad_disk: false,
    };
}

/// How long and how hard a part goes, and the seed that decides every random moment.
#[derive(Clone, Copy)]
pub(super) struct Plan<'a> {
    pub(super) part: &'a Part,
    pub(super) programs: &'a Path,
    pub(super) kills: u64,
    pub(super) limit: Duration,
    pub(super) seed: u64,
    /// Where a disk is mounted that may be made to fail.
    pub(super) mount: &'a Option<PathBuf>,
}

impl Plan<'_> {
    /// Runs the part. `faults` of the summary lists everything that must not be.
    pub(super) fn run(self) -> Value {
        let began = Instant::now();
        let commands = match &self.part.body {
            Body::Client(living) => return living.torture(self).json(began.elapsed()),
            Body::Commands(commands) => commands,
        };
        if !commands.is_on_bad_disk {
            return self.rounds(commands, None).json(began.elapsed());
        }
        let skipped = match self.mount {
            Some(_) => None,
            None => match namespace::torture(self) {
                Ok(summary) => return summary,
                Err(why) => Some(why),
            },
        };
        let disk = Disk::new(self.mount.clone());
        let mut summary = self.rounds(commands, Some(&disk)).json(began.elapsed());
        if let Some(why) = skipped {
            out::warning(&format!("skipped: no disk can be filled here, or made read-only: {why}"));
            summary["skipped"] = json!({ "tmpfs": why, "read_only": why, "no_inodes": why });
        }
        summary
    }

    /// Batches of rounds on stages of their own, whose seeds follow from the plan's: a fault is found again whichever
    /// lane its batch was run on.
    fn rounds(self, commands: &Commands, disk: Option<&Disk>) -> Tally {
        let began = Instant::now();
        let (tally, next, reached) =
            (Mutex::new(Tally::default()), AtomicUsize::new(0), AtomicU64::new(0));
        let wanted = self.kills * self.part.until.1;
        let is_over = |more: u64| {
            reached.load(Ordering::Relaxed) + more >= wanted || began.elapsed() >= self.limit
        };
        let lane = || {
            while !is_over(0) {
                let batch = next.fetch_add(1, Ordering::Relaxed);
                let first = if batch == 0 { commands.first } else { &[] };
                let mut stage =
                    Stage::new(self, commands, self.seed.wrapping_add(batch as u64), disk);
                for (n, round) in first.iter().enumerate() {
                    round(&mut stage, n);
                }
                for n in 0..commands.batch {
                    if is_over(stage.tally.get(self.part.until.0)) {
                        break;
                    }
                    let round = stage.rng.pick(commands.rounds);
                    round(&mut stage, batch * commands.batch + n);
                }
                let n = stage.tally.get(self.part.until.0);
                let before = reached.fetch_add(n, Ordering::Relaxed);
                if (before + n) / 50 > before / 50 {
                    out::progress(&format!("{} {}", before + n, self.part.until.0));
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
}
