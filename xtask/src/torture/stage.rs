//! Where commands are tortured: a service and a gateway, a skill folder, and a moment for each harm.

mod bad_disk;

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;
use std::time::Duration;

use harness::{
    Output, PreparedCommand, Rng, Sandbox, ServiceSettings, Signal, SimulatedGateway,
    SimulatedService, SimulatedSleep,
};
use jiff::civil::Weekday;
use jiff::{SignedDuration, Timestamp, ToSpan as _, tz::TimeZone};
use serde_json::Value;
use state::{out, paths};

use super::disk::Disk;
use super::harm::{Conditions, Harm, SLOW, ServiceAnswer, harm_file};
use super::plan::Plan;
use super::tally::Tally;

/// A command that has not ended by then counts as hanging.
pub(super) const HANG_LIMIT: Duration = Duration::from_secs(60);
/// How long new rows stay missing from the service's lists.
const LAG: Duration = Duration::from_millis(30);
/// The longest stop of a program, in milliseconds, and the longest sleep of its machine, in seconds.
const STOP: u64 = 300;
const SLEEP: u64 = 100;
/// From so many kills on a part is run at full length.
const FULL: u64 = 300;

/// What happens in one batch.
pub(super) struct Stage<'a> {
    pub(super) plan: Plan<'a>,
    conditions: &'a Conditions,
    pub(super) service: SimulatedService,
    pub(super) gateway: SimulatedGateway,
    pub(super) sandbox: Sandbox,
    pub(super) rng: Rng,
    pub(super) tally: Tally,
    /// The disk that fails under every command, instead of the harms.
    pub(super) disk: Option<Disk>,
    /// `None` where there is no C compiler.
    sleep: Option<SimulatedSleep>,
    /// How long each command takes at least: the moments of harms lie within that.
    takes: BTreeMap<String, Duration>,
    /// What every command reads from its stdin.
    pub(super) stdin: &'static str,
    /// What the do-not-call list holds, as far as commands that were not killed have reported.
    pub(super) listed: BTreeMap<String, bool>,
    /// What the last command that was killed had printed by then.
    pub(super) last_words: String,
    /// How the service answered the last command, and what was done to it.
    pub(super) last: (ServiceAnswer, Harm),
}

/// A machine that can sleep; none where there is no C compiler, which is said.
pub(super) fn sleep_in(sandbox: &Sandbox) -> Option<SimulatedSleep> {
    let tell = |err: &_| out::warning(&format!("skipped: no machine can sleep here: {err}"));
    SimulatedSleep::try_new(&sandbox.home()).inspect_err(tell).ok()
}

/// How a command is named in the summary.
fn named(program: &str, args: &[&str]) -> String {
    let verb = args.first().filter(|verb| verb.starts_with(char::is_lowercase));
    verb.map_or(program.to_owned(), |verb| format!("{program} {verb}"))
}

impl<'a> Stage<'a> {
    pub(super) fn new(
        plan: Plan<'a>,
        conditions: &'a Conditions,
        seed: u64,
        disk: Option<&Disk>,
    ) -> Self {
        let settings = ServiceSettings { seed, lag: LAG, ..ServiceSettings::default() };
        let (service, gateway) = (SimulatedService::with(settings), SimulatedGateway::start());
        service.clock().periods(conditions.periods);
        let mut sandbox = Sandbox::for_both(&service, &gateway);
        let path = format!("{}:/usr/bin:/bin", sandbox.path("work/bin").display());
        sandbox.env("PATH", &path);
        let sleeps = conditions.harms.iter().any(|(_, harm)| *harm == Harm::Sleep);
        let sleep = if sleeps { sleep_in(&sandbox) } else { None };
        Self {
            plan,
            conditions,
            service,
            gateway,
            sandbox,
            rng: Rng::new(seed),
            tally: Tally::default(),
            disk: disk.cloned(),
            sleep,
            takes: BTreeMap::new(),
            stdin: "",
            listed: BTreeMap::new(),
            last_words: String::new(),
            last: (ServiceAnswer::Own, Harm::Nothing),
        }
    }

    /// Another machine, whose tally is to be added to this one's.
    pub(super) fn another(&mut self) -> Self {
        Self::new(self.plan, self.conditions, self.rng.next_u64(), self.disk.as_ref())
    }

    /// Whether the part is run at full length.
    pub(super) fn is_full(&self) -> bool {
        self.plan.kills >= FULL
    }

    pub(super) fn program(&self, name: &str) -> String {
        self.plan.programs.join(name).display().to_string()
    }

    /// A command on a machine whose clock may have been set since the last one.
    pub(super) fn prepare(&mut self, name: &str, args: &[&str]) -> PreparedCommand<'_> {
        self.tally.count("commands");
        let clock = self.tally.clock(&mut self.rng);
        let prepared = self.sandbox.prepare(&self.program(name), args).skewed(clock);
        if self.stdin.is_empty() { prepared } else { prepared.stdin(self.stdin) }
    }

    /// Runs a command to which something may be done at a random moment, while the service may lose the response, respond
    /// late, or let somebody else respond: how it ended, if it was not killed.
    pub(super) fn run_disturbed(&mut self, name: &str, args: &[&str]) -> Option<Output> {
        if let Some(disk) = self.disk.clone() {
            return Some(self.on_a_bad_disk(&disk, name, args));
        }
        let harm = self.rng.pick(self.conditions.harms);
        let answer = self.disturb_answers();
        self.last = (answer, harm);
        let command = named(name, args);
        let takes = self.takes.get(&command).copied().unwrap_or(Duration::from_millis(8));
        let part = u32::try_from(self.rng.below(1_300)).unwrap_or_default();
        let slow = if answer == ServiceAnswer::LATE { SLOW } else { Duration::ZERO };
        let moment = (takes + slow) * part / 1_000;
        let environment = self.sleep.as_ref().filter(|_| harm == Harm::Sleep);
        let environment = environment.map(SimulatedSleep::env).into_iter().flatten();
        let environment: Vec<_> = environment.collect();
        let prepared = self.prepare(name, args);
        let prepared = environment.iter().fold(prepared, |one, (name, value)| one.env(name, value));
        let mut child = prepared.spawn();
        if harm != Harm::Nothing {
            thread::sleep(moment); // the moment of the harm
        }
        match harm {
            Harm::Nothing => {}
            Harm::Kill => child.signal(Signal::KILL),
            Harm::Stop => {
                child.signal(Signal::STOP);
                thread::sleep(Duration::from_millis(self.rng.below(STOP))); // the stop itself
                child.signal(Signal::CONT);
                self.tally.count("stops");
            }
            Harm::Sleep => self.sleep(),
            Harm::Files => self.harm_files(),
        }
        let end = child.finish(HANG_LIMIT);
        self.service.heal();
        if let Some(sleep) = &self.sleep {
            // The service's time has passed, too: from now on the programs are told by its clock.
            sleep.sleep(Duration::ZERO);
        }
        self.check_files();
        if end.code() == 137 {
            self.tally.count("kills");
            self.tally.count_command(&command);
            end.out().clone_into(&mut self.last_words);
            return None;
        }
        if harm == Harm::Nothing {
            let takes = self.takes.entry(command).or_insert(end.took());
            *takes = end.took().min(*takes);
        }
        if end.code() == 101 || end.took() >= HANG_LIMIT {
            self.tally.fault(format!("{name} {args:?}: {end}"));
        }
        Some(end)
    }

    /// The machine sleeps, and so the service's time passes.
    fn sleep(&mut self) {
        let Some(sleep) = &self.sleep else { return };
        let time = Duration::from_secs(self.rng.below(SLEEP));
        sleep.sleep(time);
        self.service.advance(time);
        self.tally.count("sleeps");
    }

    /// Somebody takes a lock away, or writes into it.
    fn harm_files(&mut self) {
        let entries = std::fs::read_dir(self.sandbox.skill()).into_iter().flatten().flatten();
        let is_lock = |path: &std::path::PathBuf| path.extension().is_some_and(|end| end == "lock");
        let locks: Vec<_> = entries.map(|entry| entry.path()).filter(is_lock).collect();
        if !locks.is_empty() {
            let path = &locks[self.rng.index(locks.len())];
            harm_file(path, &mut self.rng);
            self.tally.count("files");
        }
    }

    /// Lets the service answer otherwise until it is healed.
    fn disturb_answers(&mut self) -> ServiceAnswer {
        let (answer, seed) = (self.rng.pick(self.conditions.answers), self.rng.next_u64());
        match answer {
            ServiceAnswer::Own => {}
            ServiceAnswer::Fault(fault) => _ = self.service.fail("POST", "/v1/*", fault, 1),
            ServiceAnswer::Lost => {
                for method in ["POST", "PATCH", "DELETE"] {
                    self.service.lose_responses(method, "/v1/*", 50, seed);
                }
            }
            ServiceAnswer::Foreign => _ = self.service.foreign_responses("POST", "/v1/*", 70, seed),
        }
        answer
    }

    /// Whether a command may end like this with nothing done: a front may have refused what it wanted.
    pub(super) fn is_undone(&self, code: i32) -> bool {
        matches!(code, 4 | 5) || (self.last.0 == ServiceAnswer::Foreign && matches!(code, 1 | 3))
    }

    /// Runs a command without a harm, on a machine with the right time.
    pub(super) fn run(&mut self, name: &str, args: &[&str]) -> Output {
        self.tally.count("commands");
        let prepared = self.sandbox.prepare(&self.program(name), args);
        if self.stdin.is_empty() { prepared } else { prepared.stdin(self.stdin) }.run()
    }

    /// Runs a command without a harm that must succeed.
    pub(super) fn ok(&mut self, name: &str, args: &[&str]) {
        let end = self.run(name, args);
        if end.code() != 0 {
            self.tally.fault(format!("{name} {args:?} failed: {end}"));
        }
    }

    /// Runs a command until it succeeds, as an agent does after a hint to try again.
    pub(super) fn run_until_done(&mut self, name: &str, args: &[&str]) -> bool {
        for _ in 0..200 {
            match self.run_disturbed(name, args) {
                None => {}
                Some(end) if end.code() == 0 => {
                    self.tally.count("acknowledged");
                    return true;
                }
                Some(end) if end.code() == 8 => self.tally.count("unconfirmed"),
                Some(end) if self.is_undone(end.code()) => {}
                Some(end) => {
                    self.tally.fault(format!("{name} {args:?} failed: {end}"));
                    return false;
                }
            }
        }
        self.tally.fault(format!("{name} {args:?} never succeeded"));
        false
    }

    /// Checks that every file that the programs store can be read.
    fn check_files(&mut self) {
        let skill = self.sandbox.skill();
        let stored = [
            paths::missions_state(&skill),
            paths::intents(&skill),
            paths::do_not_call(&skill),
            paths::placed_calls(&skill),
            paths::config(&skill),
        ];
        for path in stored {
            let Ok(bytes) = std::fs::read(&path) else { continue };
            if let Err(err) = serde_json::from_slice::<Value>(&bytes) {
                self.tally.unreadable(&format!("`{}`: {err}", path.display()));
            }
        }
    }

    /// The JSON of a file in the skill folder; `null` if there is none.
    pub(super) fn json(path: &Path) -> Value {
        let bytes = std::fs::read(path).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// The state file of `missions`.
    pub(super) fn state(&self) -> Value {
        Self::json(&paths::missions_state(&self.sandbox.skill()))
    }

    /// It becomes this hour (UTC) of the next business day that is half a day away.
    pub(super) fn go_to_hour(&self, hour: i8) {
        let now = self.service.clock().now() + SignedDuration::from_hours(12);
        let mut day = now.to_zoned(TimeZone::UTC).date() + 1.day();
        while matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
            day += 1.day();
        }
        let then: Timestamp =
            format!("{day}T{hour:02}:00:00Z").parse().expect("it was written as a time");
        self.service.clock().jump(then.duration_since(self.service.clock().now()));
    }
}
