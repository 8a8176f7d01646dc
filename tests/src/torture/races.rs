//! `missions cancel` in a race with the clock, with ticks and with other programs that schedule: what it reports as certain
//! not to happen must not happen.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use jiff::civil::Weekday;
use jiff::{SignedDuration, Timestamp, ToSpan as _, tz::TimeZone};
use serde_json::{Value, json};

use crate::{Child, Output, Rng, Sandbox, ServiceSettings, Signal, SimulatedService};

/// How many and how long.
#[derive(Clone, Copy, Debug)]
pub struct RacesTorture {
    /// End after so many races …
    pub count: usize,
    /// … or after this time.
    pub limit: Duration,
    /// Decides every random moment.
    pub seed: u64,
}

/// Calls to these go on for hours, so that one that was made is not taken for one that ended in time.
const NUMBERS: [&str; 3] = ["+13322200105", "+13322200205", "+13322200305"];
/// Scheduled while the mission is being cancelled.
const RIVAL: &str = "+13322200405";
/// A command that has not ended by then counts as hanging.
const HANG_LIMIT: Duration = Duration::from_secs(60);

/// Races in one sandbox. Its state file and the service's record grow with each, and so would the time that one takes.
const BATCH: usize = 25;
/// Sandboxes at once, each with a service of its own: a race waits about as long as it works.
const LANES: usize = 2;

/// Races this program. The summary's `faults` lists every call that was made although `cancel` reported that none would be.
///
/// Each batch has a seed of its own, so that a fault is found again whichever thread its batch was run on.
pub fn races(program: &str, scale: RacesTorture) -> Value {
    let began = Instant::now();
    let (next, counts) = (AtomicUsize::new(0), Mutex::new(RaceCounts::default()));
    let lane = || {
        while began.elapsed() < scale.limit {
            let first = next.fetch_add(BATCH, Ordering::Relaxed);
            if first >= scale.count {
                break;
            }
            let mut run = RacesRun::new(program, scale.seed.wrapping_add(first as u64));
            for n in first..scale.count.min(first + BATCH) {
                if began.elapsed() < scale.limit {
                    run.race(n);
                }
            }
            counts.lock().unwrap_or_else(PoisonError::into_inner).add(run.counts);
        }
    };
    thread::scope(|scope| {
        for _ in 0..LANES {
            scope.spawn(lane);
        }
    });
    let counts = counts.into_inner().unwrap_or_else(PoisonError::into_inner);
    json!({
        "races": counts.races, "met": counts.met, "certain": counts.certain, "uncertain": counts.uncertain,
        "dialled": counts.dialled,
        "kills": counts.kills, "rivals_scheduled": counts.rivals, "faults": counts.faults,
        "seconds": began.elapsed().as_secs(),
    })
}

/// The results of a batch, or of all batches.
#[derive(Default)]
struct RaceCounts {
    races: usize,
    /// Races in which the time of a call came while `cancel` was running.
    met: usize,
    /// Races after which nothing could happen any more.
    certain: usize,
    /// Races after which something could.
    uncertain: usize,
    dialled: usize,
    kills: usize,
    /// Calls that were scheduled while the mission was being cancelled.
    rivals: usize,
    faults: Vec<String>,
}

impl RaceCounts {
    fn add(&mut self, other: Self) {
        self.races += other.races;
        self.met += other.met;
        self.certain += other.certain;
        self.uncertain += other.uncertain;
        self.dialled += other.dialled;
        self.kills += other.kills;
        self.rivals += other.rivals;
        self.faults.extend(other.faults);
    }
}

struct RacesRun<'a> {
    program: &'a str,
    service: SimulatedService,
    sandbox: Sandbox,
    rng: Rng,
    counts: RaceCounts,
    /// How long the quickest `cancel` took: a moment within that is one in the middle of it.
    takes: Duration,
}

impl<'a> RacesRun<'a> {
    fn new(program: &'a str, seed: u64) -> Self {
        let service =
            SimulatedService::with(ServiceSettings { seed, ..ServiceSettings::default() });
        service.clock().periods(50);
        let sandbox = Sandbox::for_service(&service);
        let (rng, counts, takes) =
            (Rng::new(seed), RaceCounts::default(), Duration::from_millis(25));
        Self { program, service, sandbox, rng, counts, takes }
    }

    /// Cancels a mission with three calls about a minute before the first, the last moment at which that can be certain;
    /// while `cancel` runs, the time of that call comes.
    fn race(&mut self, n: usize) {
        self.counts.races += 1;
        self.go_to_noon();
        let (name, slug) = (format!("Race {n}"), format!("race-{n}"));
        let steps = r#"[{"step_id":"s","description":"S"}]"#;
        self.ok(&["init", &name, "I", "R", steps]);
        self.ok(&["setup-agent", &slug, "A", "I", "Hi", "--caller-id-only"]);
        let first = 80 + self.rng.below(60);
        let later = [first, first + self.rng.below(10), first + self.rng.below(120)];
        let began = self.service.clock().now();
        for (number, seconds) in NUMBERS.iter().zip(later) {
            let when = format!("in {seconds}s");
            let line = ["schedule-call", "--mission", &slug, number, &when, "--any-time"];
            self.ok(&[&line[..], &["--recipient", "automated"]].concat());
        }
        let before = self.service.dialled().len();
        let due = began.saturating_add(Duration::from_secs(first)).unwrap_or(began);
        self.pass_until(due, -80..-58);
        let rival = self.rival(&slug);
        let mut cancel = self.spawn(&["cancel", &slug]);
        thread::sleep(self.takes * self.part() / 1_000); // the moment of the leap
        let is_met = cancel.running();
        self.pass_until(due, 0..15);
        self.counts.met += usize::from(is_met && self.service.clock().now() >= due);
        let mut output = None;
        if self.rng.chance(20) {
            cancel.signal(Signal::KILL);
            self.counts.kills += 1;
            cancel.finish(HANG_LIMIT);
        } else {
            let end = cancel.finish(HANG_LIMIT);
            self.takes = self.takes.min(end.took());
            output = Some(end);
        }
        let rival = rival.map(|rival| rival.finish(HANG_LIMIT));
        let output = output.unwrap_or_else(|| self.sandbox.run(self.program, ["cancel", &slug]));
        self.counts.rivals += usize::from(rival.is_some_and(|end| end.out().contains(RIVAL)));
        // Whatever is still scheduled rings; ticks make up for what was left.
        for _ in 0..3 {
            self.service.advance(Duration::from_secs(600));
            self.sandbox.run(self.program, ["tick", &slug]);
        }
        let dialled = self.service.dialled().split_off(before);
        self.check(n, &output, &dialled);
    }

    /// Checks that each call that was made is among those that may still happen, of which exit 0 reports none.
    fn check(&mut self, n: usize, output: &Output, dialled: &[String]) {
        self.counts.dialled += dialled.len();
        match output.code() {
            0 => self.counts.certain += 1,
            8 => self.counts.uncertain += 1,
            code => {
                self.counts.faults.push(format!("race {n} ended with {code}: {}", output.err()));
                return;
            }
        }
        let document: Value = serde_json::from_str(output.out()).unwrap_or_default();
        let possible: Vec<&Value> =
            document["may_still_happen"].as_array().into_iter().flatten().collect();
        if (output.code() == 0) != possible.is_empty() {
            self.counts
                .faults
                .push(format!("race {n} ended with {} and {possible:?}", output.code()));
        }
        for number in
            dialled.iter().filter(|number| !possible.iter().any(|one| one["to"] == number.as_str()))
        {
            self.counts.faults.push(format!("race {n}: {number} was dialled; {}", output.out()));
        }
    }

    /// Another program at the same time, or none.
    fn rival(&mut self, slug: &str) -> Option<Child> {
        let line = ["schedule-call", "--mission", slug, RIVAL, "in 3m", "--any-time"];
        let rival = match self.rng.below(3) {
            0 => self.spawn(&line),
            1 => self.spawn(&["tick"]),
            _ => return None,
        };
        thread::sleep(Duration::from_micros(self.rng.below(15_000))); // the moment of the cancel
        Some(rival)
    }

    /// Every race begins on a business day at noon in New York.
    fn go_to_noon(&self) {
        let zone = TimeZone::UTC;
        let mut day = self.service.clock().now().to_zoned(zone).date() + 1.day();
        while matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
            day += 1.day();
        }
        let noon: Timestamp = format!("{day}T16:00:00Z").parse().expect("it was written as a time");
        self.service.clock().jump(noon.duration_since(self.service.clock().now()));
    }

    /// Time passes at once, to a moment within these seconds of a call's time, the negative ones before it.
    fn pass_until(&mut self, due: Timestamp, seconds: Range<i64>) {
        let within = self.rng.below((seconds.end - seconds.start).unsigned_abs() * 1_000);
        let moment = seconds.start * 1_000 + i64::try_from(within).unwrap_or_default();
        let left = due.duration_since(self.service.clock().now());
        let left = left + SignedDuration::from_millis(moment);
        self.service.advance(Duration::try_from(left).unwrap_or_default());
    }

    /// A share of a time in thousandths, up to twice the whole: the quickest is much quicker than most.
    fn part(&mut self) -> u32 {
        u32::try_from(self.rng.below(2_000)).unwrap_or_default()
    }

    fn spawn(&self, line: &[&str]) -> Child {
        self.sandbox.spawn(self.program, line)
    }

    fn ok(&mut self, line: &[&str]) {
        let output = self.sandbox.run(self.program, line);
        if output.code() != 0 {
            self.counts.faults.push(format!("{line:?}: {}", output.err()));
        }
    }
}
