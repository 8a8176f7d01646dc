//! `missions` under kill -9 and lost responses: what was acknowledged is there, and nothing was made or scheduled twice.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::operator;
use crate::{ClockSkew, Rng, Sandbox, ServiceSettings, ServiceTable, Signal, SimulatedService};

/// How hard and how long.
#[derive(Clone, Copy, Debug)]
pub struct MissionsTorture {
    /// End after so many kills …
    pub kills: usize,
    /// … or after this time.
    pub limit: Duration,
    /// Programs that append at the same time, and how often each.
    pub writers: (usize, usize),
    /// Decides every random moment.
    pub seed: u64,
}

const STATE: &str = "skill/.missions_state.json";
/// A command that has not ended by then counts as hanging.
const HANG_LIMIT: Duration = Duration::from_secs(60);

/// Tortures this program. The summary's `faults` lists everything that must not be.
pub fn missions(program: &str, scale: MissionsTorture) -> Value {
    let began = Instant::now();
    let mut run = MissionsRun::new(program, scale.seed);
    run.crowd(scale.writers);
    let mut round = 0;
    while run.kills < scale.kills && began.elapsed() < scale.limit {
        run.round(round);
        round += 1;
    }
    json!({
        "kills": run.kills, "commands": run.commands, "acknowledged": run.acknowledged,
        "missions": round, "unconfirmed": run.unconfirmed, "busy": run.busy, "lost": run.lost, "doubled": run.doubled,
        "unreadable": run.unreadable, "jumps": run.skew.jumps(), "faults": run.faults, "seconds": began.elapsed().as_secs(),
    })
}

struct MissionsRun<'a> {
    program: &'a str,
    service: SimulatedService,
    sandbox: Sandbox,
    rng: Rng,
    skew: ClockSkew,
    commands: usize,
    kills: usize,
    acknowledged: usize,
    unconfirmed: usize,
    busy: usize,
    lost: usize,
    doubled: usize,
    unreadable: usize,
    faults: Vec<String>,
}

impl<'a> MissionsRun<'a> {
    /// A service that loses three responses of ten after the effect, and whose lists lag.
    fn new(program: &'a str, seed: u64) -> Self {
        let lag = Duration::from_millis(40);
        let service =
            SimulatedService::with(ServiceSettings { seed, lag, ..ServiceSettings::default() });
        service.clock().periods(10);
        let sandbox = Sandbox::for_service(&service);
        Self {
            program,
            service,
            sandbox,
            rng: Rng::new(seed),
            skew: ClockSkew::default(),
            commands: 0,
            kills: 0,
            acknowledged: 0,
            unconfirmed: 0,
            busy: 0,
            lost: 0,
            doubled: 0,
            unreadable: 0,
            faults: Vec::new(),
        }
    }

    /// Many programs append to one list at the same time.
    fn crowd(&mut self, (writers, each): (usize, usize)) {
        self.sandbox.write(STATE, r#"{"crowd": {}}"#);
        // Busy (5) means that nothing was done and it can be tried again: counted, not lost.
        let script = format!(
            "i=0; while [ $i -lt {each} ]; do \"$0\" -q append-memory crowd l \"$1-$i\" >/dev/null && i=$((i+1)) || {{ \
             c=$?; [ $c -eq 5 ] && echo busy || exit $c; }}; done"
        );
        let crowd: Vec<_> = (0..writers)
            .map(|n| self.sandbox.spawn("/bin/sh", ["-c", &script, self.program, &n.to_string()]))
            .collect();
        for writer in crowd {
            let end = writer.finish(Duration::from_secs(600));
            self.busy += end.out().lines().count();
            if end.code() != 0 {
                self.faults.push(format!("a writer ended with {}: {}", end.code(), end.err()));
            }
        }
        self.acknowledged += writers * each;
        let state = self.state();
        let list = state["crowd"]["memory"]["l"].as_array().cloned().unwrap_or_default();
        let mut items: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
        items.sort_unstable();
        items.dedup();
        self.add_lost(writers * each - items.len().min(writers * each), "appends of the crowd");
        self.add_doubled(list.len() - items.len(), "appends of the crowd");
    }

    /// One mission from its beginning to two scheduled events, every command killed now and then.
    fn round(&mut self, n: usize) {
        let (name, slug) = (format!("Mission {n}"), format!("mission-{n}"));
        let phone = format!("+1555888{n:04}");
        let row = json!({"id": format!("29{n:017}"), "phone_number": phone, "status": "active"});
        self.service.seed(
            ServiceTable::Phones,
            row["id"].as_str().unwrap_or_default(),
            "",
            row.clone(),
        );
        self.service.lose_responses("POST", "/v1/*", 30, self.rng.next_u64());
        let steps = r#"[{"step_id":"s","description":"S"}]"#;
        self.run_until_done(&["init", &name, "I", &format!("Request {n}"), steps]);
        self.run_until_done(&["setup-agent", &slug, &format!("Agent {n}"), "I", "Hi"]);
        let (text, to) = (format!("Text {n}"), format!("+1332220{n:04}"));
        let when = "in 3h";
        self.run_until_done(&["schedule-sms", "--mission", &slug, &to, when, &text, "--step", "s"]);
        self.run_until_done(&["schedule-call", "--mission", &slug, &to, when, "--any-time"]);
        self.fill_memory(n, &slug);
        self.service.heal();
        self.check(n, &slug);
    }

    /// Runs a command until it succeeds, as an agent does after a hint to try again; what is unconfirmed may be resolved by
    /// an operator first.
    fn run_until_done(&mut self, line: &[&str]) {
        for _ in 0..200 {
            match self.run_once(line) {
                // Killed, or ended with nothing done: it is tried again.
                None | Some(4 | 5) => {}
                Some(0) => {
                    self.acknowledged += 1;
                    return;
                }
                Some(8) => {
                    self.unconfirmed += 1;
                    // Half of the time it is simply tried again: the program must not repeat what it sent.
                    if self.rng.chance(50) {
                        operator::resolve_all(
                            &self.service,
                            &self.sandbox,
                            self.program,
                            &mut self.faults,
                        );
                    }
                }
                Some(code) => {
                    self.faults.push(format!("{line:?} ended with {code}"));
                    return;
                }
            }
        }
        self.faults.push(format!("{line:?} never succeeded"));
    }

    /// Runs a command, on a clock that may have been set since the last one, and kills it at a random moment or not at all:
    /// its exit code, if it was not killed.
    fn run_once(&mut self, line: &[&str]) -> Option<i32> {
        self.commands += 1;
        let clock = self.skew.draw(&mut self.rng);
        let mut child = self.sandbox.prepare(self.program, line).skewed(clock).spawn();
        if self.rng.chance(80) {
            std::thread::sleep(Duration::from_micros(self.rng.below(60_000))); // the moment of the kill
            child.signal(Signal::KILL);
        }
        let end = child.finish(HANG_LIMIT);
        self.state();
        if end.code() == 137 {
            self.kills += 1;
            return None;
        }
        if end.code() == 101 || end.took() >= HANG_LIMIT {
            self.faults.push(format!("{line:?}: {}", end.err()));
        }
        Some(end.code())
    }

    /// Appends and saves under kills: what was acknowledged is there once.
    fn fill_memory(&mut self, n: usize, slug: &str) {
        let mut acknowledged = Vec::new();
        for item in 0..8 {
            let item = format!("{n}-{item}");
            let list = self.run_once(&["append-memory", slug, "l", &item]) == Some(0);
            let key = self.run_once(&["save-memory", slug, &item, "v"]) == Some(0);
            acknowledged.push((item, list, key));
        }
        let memory = self.state()[slug]["memory"].clone();
        for (item, list, key) in acknowledged {
            self.acknowledged += usize::from(list) + usize::from(key);
            let items = memory["l"].as_array().into_iter().flatten();
            let n_items = items.filter(|found| **found == item.as_str()).count();
            self.add_lost(usize::from(list && n_items == 0), &item);
            self.add_doubled(n_items.saturating_sub(1), &item);
            self.add_lost(usize::from(key && memory[&item].is_null()), &item);
        }
    }

    /// Checks that the service has one of everything, and that the state file agrees with it.
    fn check(&mut self, n: usize, slug: &str) {
        let stored = self.state()[slug].clone();
        let rows = |table| self.service.rows(table);
        let count = |table, key: &str, wanted: &Value| {
            rows(table).iter().filter(|row| row[key] == *wanted).count()
        };
        let input = json!({"original_request": format!("Request {n}")});
        let (text, to) = (format!("Text {n}"), format!("+1332220{n:04}"));
        let calls = rows(ServiceTable::Scheduled)
            .iter()
            .filter(|row| row["to_number"] == to && row["channel"] == "call")
            .count();
        let made = [
            ("mission", count(ServiceTable::Missions, "name", &json!(format!("Mission {n}")))),
            ("run", count(ServiceTable::Runs, "input", &input)),
            ("plan step", count(ServiceTable::Steps, "run_id", &stored["run_id"])),
            ("assistant", count(ServiceTable::Assistants, "name", &json!(format!("Agent {n}")))),
            ("link", count(ServiceTable::Links, "run_id", &stored["run_id"])),
            ("text", count(ServiceTable::Scheduled, "text_body", &json!(text))),
            ("call", calls),
        ];
        for (what, n_made) in made {
            self.add_lost(usize::from(n_made == 0), &format!("{what} of {slug}"));
            self.add_doubled(n_made.saturating_sub(1), &format!("{what} of {slug}"));
        }
        let in_memory = stored["memory"]["scheduled_events"].as_array().map_or(0, Vec::len);
        let tracked = stored["events"].as_object().map_or(0, serde_json::Map::len);
        self.add_lost(2_usize.saturating_sub(in_memory.min(tracked)), "remembered events");
        self.add_doubled(in_memory.max(tracked).saturating_sub(2), "remembered events");
        if stored["status"] != "running" {
            self.faults.push(format!("{slug} is `{}` at the end", stored["status"]));
        }
    }

    fn state(&mut self) -> Value {
        let text = self.sandbox.read(STATE);
        serde_json::from_str(&text).unwrap_or_else(|err| {
            self.unreadable += 1;
            self.faults.push(format!("the state file cannot be read: {err}"));
            Value::Null
        })
    }

    fn add_lost(&mut self, n: usize, what: &str) {
        if n > 0 {
            self.lost += n;
            self.faults.push(format!("lost: {n} × {what}"));
        }
    }

    fn add_doubled(&mut self, n: usize, what: &str) {
        if n > 0 {
            self.doubled += n;
            self.faults.push(format!("doubled: {n} × {what}"));
        }
    }
}
