//! `missions tick` under kill -9, two at a time, with answers lost after the effect: every mission comes to its end, and
//! nobody is dialled oftener than the retries allow.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::civil::Weekday;
use jiff::{SignedDuration, Timestamp, ToSpan as _, tz::TimeZone};
use serde_json::{Value, json};

use crate::{Fate, Gateway, Sandbox, Service, Settings, Signal, Skew, Table};

/// How hard and how long.
#[derive(Clone, Copy, Debug)]
pub struct Ticks {
    /// End after so many kills …
    pub kills: usize,
    /// … or after this time.
    pub limit: Duration,
    /// Decides every random moment.
    pub seed: u64,
}

/// What becomes of a number is decided by its last two digits.
const ENDS: [&str; 6] = ["01", "02", "04", "06", "07", "08"];
/// The first attempt and three more.
const MOST: usize = 4;
/// A mission that has not ended after so many ticks never will: five days of ten minutes each, since one that begins
/// on a Friday may try somebody again on Monday.
const PATIENCE: usize = 720;
/// A command that has not ended by then hangs.
const HANGS: Duration = Duration::from_secs(60);

/// Tortures this program. The summary's `faults` lists everything that must not be.
pub fn ticks(program: &str, plan: Ticks) -> Value {
    let began = Instant::now();
    let mut run = Run::new(program, plan.seed);
    let mut n = 0;
    while run.kills < plan.kills && began.elapsed() < plan.limit {
        run.mission(n);
        n += 1;
    }
    json!({
        "missions": n, "ticks": run.ticks, "kills": run.kills, "dialled": run.service.dialled().len(),
        "in_doubt": run.in_doubt, "jumps": run.skew.jumps(), "faults": run.faults, "seconds": began.elapsed().as_secs(),
    })
}

struct Run<'a> {
    program: &'a str,
    service: Service,
    gateway: Gateway,
    sandbox: Sandbox,
    fate: Fate,
    skew: Skew,
    ticks: usize,
    kills: usize,
    /// Attempts whose request may never have left: they are never made again.
    in_doubt: usize,
    faults: Vec<String>,
}

impl<'a> Run<'a> {
    fn new(program: &'a str, seed: u64) -> Self {
        let service = Service::with(Settings { seed, ..Settings::default() });
        service.clock().periods(50);
        let gateway = Gateway::start();
        let sandbox = Sandbox::for_both(&service, &gateway);
        let (fate, skew, faults) = (Fate::new(seed), Skew::default(), Vec::new());
        let (ticks, kills, in_doubt) = (0, 0, 0);
        Self { program, service, gateway, sandbox, fate, skew, ticks, kills, in_doubt, faults }
    }

    /// One mission of two steps and three calls, from its first tick to its last.
    fn mission(&mut self, n: usize) {
        self.go_to_the_morning();
        let (name, slug) = (format!("Mission {n}"), format!("mission-{n}"));
        let steps = r#"[{"step_id":"a","description":"A"},{"step_id":"b","description":"B"}]"#;
        self.ok(&["init", &name, "I", "R", steps]);
        self.ok(&["setup-agent", &slug, "A", "I", "Hi", "--caller-id-only"]);
        let first = self.service.rows(Table::Scheduled).len();
        for call in 0..3 {
            let end = ENDS[self.fate.place(ENDS.len())];
            let to = format!("+1332220{:02}{end}", 10 + call);
            let (step, kind) = if call == 0 { ("a", "service") } else { ("b", "automated") };
            let line = ["schedule-call", "--mission", &slug, &to, "in 5m", "--step", step];
            self.ok(&[&line[..], &["--recipient", kind]].concat());
        }
        for method in ["POST", "PATCH", "DELETE"] {
            self.service.lose_answers(method, "/v1/*", 15, self.fate.bits());
        }
        for _ in 0..PATIENCE {
            let by = self.fate.below(20 * 60);
            self.service.advance(Duration::from_secs(by));
            self.tick(&slug);
            if self.is_settled(&slug) {
                self.service.heal();
                return self.check(&slug, first);
            }
        }
        self.service.heal();
        self.faults.push(format!("{slug} never ended: {:#}", self.state(&slug)));
    }

    /// One tick or two at once, killed or not, on a clock that may have been set since the last ones.
    fn tick(&mut self, slug: &str) {
        self.ticks += 1;
        let clock = self.skew.draw(&mut self.fate);
        let tick = |line: &[&str]| self.sandbox.prepare(self.program, line).skewed(clock).spawn();
        let mut one = tick(&["--deadline", "5", "tick", slug]);
        let other = self.fate.strikes(30).then(|| tick(&["tick"]));
        if self.fate.strikes(60) {
            std::thread::sleep(Duration::from_micros(self.fate.below(60_000))); // the moment of the kill
            one.signal(Signal::KILL);
        }
        for child in [Some(one), other].into_iter().flatten() {
            let end = child.finish(HANGS);
            match end.code() {
                137 => self.kills += 1,
                0 | 4 | 8 => {}
                code => self.faults.push(format!("a tick ended with {code}: {}", end.err())),
            }
        }
    }

    /// What has ended is as it should be, at the service and here.
    fn check(&mut self, slug: &str, first: usize) {
        let kept = self.state(slug);
        let rows = self.service.rows(Table::Scheduled).split_off(first);
        let mut tries: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in &rows {
            let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
            // By the service's clock, whatever the machine's showed: both are written in one form.
            if text("scheduled_at") <= text("created_at") {
                self.faults.push(format!("{slug} was tried again in the past: {row}"));
            }
            tries.entry(text("to_number")).or_default().push(text("scheduled_at"));
        }
        for (to, times) in &tries {
            let mut once = times.clone();
            once.dedup();
            let chains = kept["events"].as_object().into_iter().flatten();
            let chains = chains.filter(|(_, one)| one["to"] == **to && one["retry_of"].is_null());
            if once.len() < times.len() || times.len() > MOST * chains.count() {
                self.faults.push(format!("{slug}: {to} was scheduled for {times:?}"));
            }
        }
        let tracked = kept["events"].as_object().map_or(0, serde_json::Map::len);
        if rows.len() != tracked {
            self.in_doubt += rows.len().abs_diff(tracked);
        }
        let waiting = rows.iter().filter(|row| row["status"] == "pending").count();
        let run = kept["run_id"].clone();
        let runs = self.service.rows(Table::Runs);
        let status = runs.iter().find(|row| row["run_id"] == run).map(|row| row["status"].clone());
        if status != Some(kept["status"].clone()) || waiting > 0 {
            self.faults.push(format!(
                "{slug} is `{}` here and {status:?} at the service; {waiting} calls wait",
                kept["status"]
            ));
        }
        let about = format!("mission `{slug}`");
        if !self.gateway.turns().iter().any(|turn| turn.message.contains(&about)) {
            self.faults.push(format!("nobody was told of {slug}"));
        }
    }

    fn is_settled(&self, slug: &str) -> bool {
        let done = &self.state(slug)["lifecycle"]["done"];
        done.as_array().is_some_and(|done| done.contains(&json!("mission/cron")))
    }

    fn state(&self, slug: &str) -> Value {
        self.sandbox.json("skill/.missions_state.json")[slug].clone()
    }

    /// Every mission begins at ten in the morning in New York on a business day.
    fn go_to_the_morning(&self) {
        let now = self.service.clock().now() + SignedDuration::from_hours(12);
        let mut day = now.to_zoned(TimeZone::UTC).date() + 1.day();
        while matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
            day += 1.day();
        }
        let ten: Timestamp = format!("{day}T15:00:00Z").parse().expect("it was written as a time");
        self.service.clock().jump(ten.duration_since(self.service.clock().now()));
    }

    fn ok(&mut self, line: &[&str]) {
        let output = self.sandbox.run(self.program, line);
        if output.code() != 0 {
            self.faults.push(format!("{line:?}: {}", output.err()));
        }
    }
}
