//! `missions cancel` against the clock, against ticks and against other programs that schedule: what it says can no
//! longer happen must not happen.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use jiff::civil::Weekday;
use jiff::{SignedDuration, Timestamp, ToSpan as _, tz::TimeZone};
use serde_json::{Value, json};

use crate::{Child, Fate, Output, Sandbox, Service, Settings, Signal};

/// How many and how long.
#[derive(Clone, Copy, Debug)]
pub struct Races {
    /// End after so many races …
    pub count: usize,
    /// … or after this time.
    pub limit: Duration,
    /// Decides every random moment.
    pub seed: u64,
}

/// Calls to these go on for hours, so that one that was made cannot look like one that ended in time.
const NUMBERS: [&str; 3] = ["+13322200105", "+13322200205", "+13322200305"];
/// Scheduled while the mission is being called off.
const RIVAL: &str = "+13322200405";
/// A command that has not ended by then hangs.
const HANGS: Duration = Duration::from_secs(60);

/// Races on one stage. Its state file and the service's record grow with each, and so would the time that one takes.
const BATCH: usize = 25;
/// Stages at once, each with a service of its own: a race waits about as long as it works.
const LANES: usize = 2;

/// Races this program. The summary's `faults` lists every call that was made although it was said not to happen.
///
/// Each batch has a seed of its own, so that a fault is found again whatever lane its batch was run in.
pub fn races(program: &str, plan: Races) -> Value {
    let began = Instant::now();
    let (next, sums) = (AtomicUsize::new(0), Mutex::new(Sums::default()));
    let lane = || {
        while began.elapsed() < plan.limit {
            let first = next.fetch_add(BATCH, Ordering::Relaxed);
            if first >= plan.count {
                break;
            }
            let mut run = Run::new(program, plan.seed.wrapping_add(first as u64));
            for n in first..plan.count.min(first + BATCH) {
                if began.elapsed() < plan.limit {
                    run.race(n);
                }
            }
            sums.lock().unwrap_or_else(PoisonError::into_inner).add(run.sums);
        }
    };
    thread::scope(|scope| {
        for _ in 0..LANES {
            scope.spawn(lane);
        }
    });
    let sums = sums.into_inner().unwrap_or_else(PoisonError::into_inner);
    json!({
        "races": sums.races, "met": sums.met, "certain": sums.certain, "doubtful": sums.doubtful,
        "dialled": sums.dialled,
        "kills": sums.kills, "rivals_scheduled": sums.rivals, "faults": sums.faults,
        "seconds": began.elapsed().as_secs(),
    })
}

/// What came of a batch, or of all.
#[derive(Default)]
struct Sums {
    races: usize,
    /// Races in which the time of a call came while `cancel` was running.
    met: usize,
    /// Races after which nothing could happen any more.
    certain: usize,
    /// Races after which something could.
    doubtful: usize,
    dialled: usize,
    kills: usize,
    /// Calls that were scheduled while the mission was being called off.
    rivals: usize,
    faults: Vec<String>,
}

impl Sums {
    fn add(&mut self, other: Self) {
        self.races += other.races;
        self.met += other.met;
        self.certain += other.certain;
        self.doubtful += other.doubtful;
        self.dialled += other.dialled;
        self.kills += other.kills;
        self.rivals += other.rivals;
        self.faults.extend(other.faults);
    }
}

struct Run<'a> {
    program: &'a str,
    service: Service,
    sandbox: Sandbox,
    fate: Fate,
    sums: Sums,
    /// How long the quickest `cancel` took: moments within that are moments in the middle of it.
    takes: Duration,
}

impl<'a> Run<'a> {
    fn new(program: &'a str, seed: u64) -> Self {
        let service = Service::with(Settings { seed, ..Settings::default() });
        service.clock().periods(50);
        let sandbox = Sandbox::for_service(&service);
        let (fate, sums, takes) = (Fate::new(seed), Sums::default(), Duration::from_millis(25));
        Self { program, service, sandbox, fate, sums, takes }
    }

    /// A mission with three calls is called off about a minute before the first, the last moment at which that can be
    /// certain (spec 4), and while it is, the time of that call comes.
    fn race(&mut self, n: usize) {
        self.sums.races += 1;
        self.go_to_noon();
        let (name, slug) = (format!("Race {n}"), format!("race-{n}"));
        let steps = r#"[{"step_id":"s","description":"S"}]"#;
        self.ok(&["init", &name, "I", "R", steps]);
        self.ok(&["setup-agent", &slug, "A", "I", "Hi", "--caller-id-only"]);
        let first = 80 + self.fate.below(60);
        let later = [first, first + self.fate.below(10), first + self.fate.below(120)];
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
        self.sums.met += usize::from(is_met && self.service.clock().now() >= due);
        let mut output = None;
        if self.fate.strikes(20) {
            cancel.signal(Signal::KILL);
            self.sums.kills += 1;
            cancel.finish(HANGS);
        } else {
            let end = cancel.finish(HANGS);
            self.takes = self.takes.min(end.took());
            output = Some(end);
        }
        let rival = rival.map(|rival| rival.finish(HANGS));
        let output = output.unwrap_or_else(|| self.sandbox.run(self.program, ["cancel", &slug]));
        self.sums.rivals += usize::from(rival.is_some_and(|end| end.out().contains(RIVAL)));
        // Whatever is still scheduled rings; ticks make up for what was left.
        for _ in 0..3 {
            self.service.advance(Duration::from_secs(600));
            self.sandbox.run(self.program, ["tick", &slug]);
        }
        let dialled = self.service.dialled().split_off(before);
        self.check(n, &output, &dialled);
    }

    /// What was made is among what may still happen, and nothing is where nothing was said.
    fn check(&mut self, n: usize, output: &Output, dialled: &[String]) {
        self.sums.dialled += dialled.len();
        match output.code() {
            0 => self.sums.certain += 1,
            8 => self.sums.doubtful += 1,
            code => {
                self.sums.faults.push(format!("race {n} ended with {code}: {}", output.err()));
                return;
            }
        }
        let document: Value = serde_json::from_str(output.out()).unwrap_or_default();
        let doubts: Vec<&Value> =
            document["may_still_happen"].as_array().into_iter().flatten().collect();
        if (output.code() == 0) != doubts.is_empty() {
            self.sums.faults.push(format!("race {n} ended with {} and {doubts:?}", output.code()));
        }
        for number in
            dialled.iter().filter(|number| !doubts.iter().any(|one| one["to"] == number.as_str()))
        {
            self.sums.faults.push(format!("race {n}: {number} was dialled; {}", output.out()));
        }
    }

    /// Another program at the same time, or none.
    fn rival(&mut self, slug: &str) -> Option<Child> {
        let line = ["schedule-call", "--mission", slug, RIVAL, "in 3m", "--any-time"];
        let rival = match self.fate.below(3) {
            0 => self.spawn(&line),
            1 => self.spawn(&["tick"]),
            _ => return None,
        };
        thread::sleep(Duration::from_micros(self.fate.below(15_000))); // the moment of the cancel
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
        let within = self.fate.below((seconds.end - seconds.start).unsigned_abs() * 1_000);
        let moment = seconds.start * 1_000 + i64::try_from(within).unwrap_or_default();
        let left = due.duration_since(self.service.clock().now());
        let left = left + SignedDuration::from_millis(moment);
        self.service.advance(Duration::try_from(left).unwrap_or_default());
    }

    /// A share of a time in thousandths, up to twice the whole: the quickest is much quicker than most.
    fn part(&mut self) -> u32 {
        u32::try_from(self.fate.below(2_000)).unwrap_or_default()
    }

    fn spawn(&self, line: &[&str]) -> Child {
        self.sandbox.spawn(self.program, line)
    }

    fn ok(&mut self, line: &[&str]) {
        let output = self.sandbox.run(self.program, line);
        if output.code() != 0 {
            self.sums.faults.push(format!("{line:?}: {}", output.err()));
        }
    }
}
