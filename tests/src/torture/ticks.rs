//! `missions tick` under kill -9, two at a time, with responses lost after the effect: every mission comes to its end, and
//! no number is dialled oftener than the retries allow.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::civil::Weekday;
use jiff::{SignedDuration, Timestamp, ToSpan as _, tz::TimeZone};
use serde_json::{Value, json};

use crate::{
    ClockSkew, Rng, Sandbox, ServiceSettings, ServiceTable, Signal, SimulatedGateway,
    SimulatedService,
};

/// How hard and how long.
#[derive(Clone, Copy, Debug)]
pub struct TicksTorture {
    /// End after so many kills …
    pub kills: usize,
    /// … or after this time.
    pub limit: Duration,
    /// Decides every random moment.
    pub seed: u64,
}

/// The last two digits of a number decide how a call to it ends.
const ENDS: [&str; 6] = ["01", "02", "04", "06", "07", "08"];
/// The first attempt and three more.
const MAX_ATTEMPTS: usize = 4;
/// A mission that has not ended after so many ticks never will: five days of ten minutes each, since one that begins
/// on a Friday may try somebody again on Monday.
const MAX_TICKS: usize = 720;
/// A command that has not ended by then counts as hanging.
const HANG_LIMIT: Duration = Duration::from_secs(60);

/// Tortures this program. The summary's `faults` lists everything that must not be.
pub fn ticks(program: &str, scale: TicksTorture) -> Value {
    let began = Instant::now();
    let mut run = TicksRun::new(program, scale.seed);
    let mut n = 0;
    while run.kills < scale.kills && began.elapsed() < scale.limit {
        run.mission(n);
        n += 1;
    }
    json!({
        "missions": n, "ticks": run.ticks, "kills": run.kills, "dialled": run.service.dialled().len(),
        "unconfirmed": run.unconfirmed, "jumps": run.skew.jumps(), "faults": run.faults, "seconds": began.elapsed().as_secs(),
    })
}

struct TicksRun<'a> {
    program: &'a str,
    service: SimulatedService,
    gateway: SimulatedGateway,
    sandbox: Sandbox,
    rng: Rng,
    skew: ClockSkew,
    ticks: usize,
    kills: usize,
    /// Attempts whose request may never have left: they are never made again.
    unconfirmed: usize,
    faults: Vec<String>,
}

impl<'a> TicksRun<'a> {
    fn new(program: &'a str, seed: u64) -> Self {
        let service =
            SimulatedService::with(ServiceSettings { seed, ..ServiceSettings::default() });
        service.clock().periods(50);
        let gateway = SimulatedGateway::start();
        let sandbox = Sandbox::for_both(&service, &gateway);
        let (rng, skew, faults) = (Rng::new(seed), ClockSkew::default(), Vec::new());
        let (ticks, kills, unconfirmed) = (0, 0, 0);
        Self { program, service, gateway, sandbox, rng, skew, ticks, kills, unconfirmed, faults }
    }

    /// One mission of two steps and three calls, from its first tick to its last.
    fn mission(&mut self, n: usize) {
        self.go_to_the_morning();
        let (name, slug) = (format!("Mission {n}"), format!("mission-{n}"));
        let steps = r#"[{"step_id":"a","description":"A"},{"step_id":"b","description":"B"}]"#;
        self.ok(&["init", &name, "I", "R", steps]);
        self.ok(&["setup-agent", &slug, "A", "I", "Hi", "--caller-id-only"]);
        let first = self.service.rows(ServiceTable::Scheduled).len();
        for call in 0..3 {
            let end = ENDS[self.rng.index(ENDS.len())];
            let to = format!("+1332220{:02}{end}", 10 + call);
            let (step, kind) = if call == 0 { ("a", "service") } else { ("b", "automated") };
            let line = ["schedule-call", "--mission", &slug, &to, "in 5m", "--step", step];
            self.ok(&[&line[..], &["--recipient", kind]].concat());
        }
        for method in ["POST", "PATCH", "DELETE"] {
            self.service.lose_responses(method, "/v1/*", 15, self.rng.next_u64());
        }
        for _ in 0..MAX_TICKS {
            let by = self.rng.below(20 * 60);
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
        let clock = self.skew.draw(&mut self.rng);
        let tick = |line: &[&str]| self.sandbox.prepare(self.program, line).skewed(clock).spawn();
        let mut one = tick(&["--deadline", "5", "tick", slug]);
        let other = self.rng.chance(30).then(|| tick(&["tick"]));
        if self.rng.chance(60) {
            std::thread::sleep(Duration::from_micros(self.rng.below(60_000))); // the moment of the kill
            one.signal(Signal::KILL);
        }
        for child in [Some(one), other].into_iter().flatten() {
            let end = child.finish(HANG_LIMIT);
            match end.code() {
                137 => self.kills += 1,
                0 | 4 | 8 => {}
                code => self.faults.push(format!("a tick ended with {code}: {}", end.err())),
            }
        }
    }

    /// Checks a mission that has ended, at the service and in the state file.
    fn check(&mut self, slug: &str, first: usize) {
        let stored = self.state(slug);
        let rows = self.service.rows(ServiceTable::Scheduled).split_off(first);
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
            let chains = stored["events"].as_object().into_iter().flatten();
            let chains = chains.filter(|(_, one)| one["to"] == **to && one["retry_of"].is_null());
            if once.len() < times.len() || times.len() > MAX_ATTEMPTS * chains.count() {
                self.faults.push(format!("{slug}: {to} was scheduled for {times:?}"));
            }
        }
        let tracked = stored["events"].as_object().map_or(0, serde_json::Map::len);
        if rows.len() != tracked {
            self.unconfirmed += rows.len().abs_diff(tracked);
        }
        let waiting = rows.iter().filter(|row| row["status"] == "pending").count();
        let run = stored["run_id"].clone();
        let runs = self.service.rows(ServiceTable::Runs);
        let status = runs.iter().find(|row| row["run_id"] == run).map(|row| row["status"].clone());
        if status != Some(stored["status"].clone()) || waiting > 0 {
            self.faults.push(format!(
                "{slug} is `{}` here and {status:?} at the service; {waiting} calls wait",
                stored["status"]
            ));
        }
        let about = format!("mission `{slug}`");
        if !self.gateway.turns().iter().any(|turn| turn.message.contains(&about)) {
            self.faults.push(format!("no turn of the agent mentions {slug}"));
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
