//! Where commands are tormented: a service that loses responses, a skill folder, and a moment for each kill.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use harness::{
    ClockSkew, Output, PreparedCommand, RequestFault, Rng, Sandbox, ServiceSettings, Signal,
    SimulatedService,
};
use serde_json::{Value, json};
use state::paths;

use crate::torture::bad_disk::{Disk, TriedCommand};

/// A command that has not ended by then counts as hanging.
const HANG_LIMIT: Duration = Duration::from_secs(60);
/// A late response comes after this time: the moment after the effect is long enough to be killed in.
const SLOW: Duration = Duration::from_millis(25);
/// How long new rows stay missing from the service's lists.
const LAG: Duration = Duration::from_millis(30);

/// What came of it.
#[derive(Default)]
pub(in crate::torture) struct Tally {
    pub(in crate::torture) kills: usize,
    pub(in crate::torture) commands: usize,
    /// Commands that reported success.
    pub(in crate::torture) acknowledged: usize,
    /// Commands that reported that it may have been done, and did not repeat it.
    pub(in crate::torture) unconfirmed: usize,
    pub(in crate::torture) lost: usize,
    pub(in crate::torture) doubled: usize,
    pub(in crate::torture) unreadable: usize,
    /// How often the machine's clock was set between two commands.
    pub(in crate::torture) jumps: usize,
    /// Kills by command.
    pub(in crate::torture) by_command: BTreeMap<String, usize>,
    /// What must not be, a line for each.
    pub(in crate::torture) faults: Vec<String>,
}

impl Tally {
    pub(in crate::torture) fn add(&mut self, other: Self) {
        self.kills += other.kills;
        self.commands += other.commands;
        self.acknowledged += other.acknowledged;
        self.unconfirmed += other.unconfirmed;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.unreadable += other.unreadable;
        self.jumps += other.jumps;
        for (command, n) in other.by_command {
            *self.by_command.entry(command).or_default() += n;
        }
        self.faults.extend(other.faults);
    }

    pub(in crate::torture) fn json(self, took: Duration) -> Value {
        json!({
            "kills": self.kills, "commands": self.commands, "acknowledged": self.acknowledged,
            "unconfirmed": self.unconfirmed, "kills_by_command": self.by_command, "lost": self.lost,
            "doubled": self.doubled, "unreadable": self.unreadable, "jumps": self.jumps, "faults": self.faults,
            "seconds": took.as_secs(),
        })
    }

    pub(in crate::torture) fn lose(&mut self, what: &str) {
        self.lost += 1;
        self.faults.push(format!("lost: {what}"));
    }

    pub(in crate::torture) fn double(&mut self, what: &str) {
        self.doubled += 1;
        self.faults.push(format!("doubled: {what}"));
    }

    pub(in crate::torture) fn fault(&mut self, what: String) {
        self.faults.push(what);
    }
}

/// What happens in one batch.
pub(in crate::torture) struct CommandStage {
    programs: PathBuf,
    pub(in crate::torture) service: SimulatedService,
    pub(in crate::torture) sandbox: Sandbox,
    pub(in crate::torture) rng: Rng,
    skew: ClockSkew,
    pub(in crate::torture) tally: Tally,
    /// What the do-not-call list holds, as far as commands that were not killed have reported.
    pub(super) listed: BTreeMap<String, bool>,
    /// What the last command that was killed had printed by then.
    pub(super) last_words: String,
    /// The disk that fails under every command, instead of kills.
    pub(in crate::torture) disk: Option<Disk>,
    /// How long each command takes at least: the moments of kills lie within that.
    takes: BTreeMap<String, Duration>,
}

/// How a command is named in the summary.
fn named(program: &str, args: &[&str]) -> String {
    let verb = args.first().filter(|verb| verb.starts_with(char::is_lowercase));
    verb.map_or(program.to_owned(), |verb| format!("{program} {verb}"))
}

impl CommandStage {
    pub(in crate::torture) fn new(programs: &Path, seed: u64) -> Self {
        let service = SimulatedService::with(ServiceSettings {
            seed,
            lag: LAG,
            ..ServiceSettings::default()
        });
        service.clock().periods(10);
        let mut sandbox = Sandbox::for_service(&service);
        let path = format!("{}:/usr/bin:/bin", sandbox.path("work/bin").display());
        sandbox.env("PATH", &path);
        let (rng, skew, tally) = (Rng::new(seed), ClockSkew::default(), Tally::default());
        let programs = programs.to_owned();
        let (listed, takes, last_words) = (BTreeMap::new(), BTreeMap::new(), String::new());
        Self { programs, service, sandbox, rng, skew, tally, listed, last_words, disk: None, takes }
    }

    fn program(&self, name: &str) -> String {
        self.programs.join(name).display().to_string()
    }

    /// A command on a machine whose clock may have been set since the last one.
    fn prepare(&mut self, name: &str, args: &[&str]) -> PreparedCommand<'_> {
        self.tally.commands += 1;
        let (before, clock) = (self.skew.jumps(), self.skew.draw(&mut self.rng));
        self.tally.jumps += self.skew.jumps() - before;
        self.sandbox.prepare(&self.program(name), args).skewed(clock)
    }

    /// Runs a command that may be killed at a random moment, while the service may lose the response, respond
    /// late, or break off: how it ended, if it was not killed.
    pub(in crate::torture) fn run_disturbed(
        &mut self,
        name: &str,
        args: &[&str],
    ) -> Option<Output> {
        if let Some(disk) = self.disk.clone() {
            return Some(self.on_a_bad_disk(&disk, name, args));
        }
        let fault = match self.rng.below(10) {
            0..3 => Some(RequestFault::Lost),
            3 => Some(RequestFault::Torn),
            4 => Some(RequestFault::Cut),
            5..8 => Some(RequestFault::Slow(SLOW)),
            _ => None,
        };
        let is_slow = fault == Some(RequestFault::Slow(SLOW));
        if let Some(fault) = fault {
            self.service.fail("POST", "/v1/*", fault, 1);
        }
        let command = named(name, args);
        let takes = self.takes.get(&command).copied().unwrap_or(Duration::from_millis(8));
        let part = u32::try_from(self.rng.below(1_300)).unwrap_or_default();
        let moment = (takes + if is_slow { SLOW } else { Duration::ZERO }) * part / 1_000;
        let moment = self.rng.chance(80).then_some(moment);
        let mut child = self.prepare(name, args).spawn();
        if let Some(moment) = moment {
            std::thread::sleep(moment); // the moment of the kill
            child.signal(Signal::KILL);
        }
        let end = child.finish(HANG_LIMIT);
        self.service.heal();
        self.check_files();
        if end.code() == 137 {
            self.tally.kills += 1;
            *self.tally.by_command.entry(command).or_default() += 1;
            end.out().clone_into(&mut self.last_words);
            return None;
        }
        let takes = self.takes.entry(command).or_insert(end.took());
        *takes = end.took().min(*takes);
        if end.code() == 101 || end.took() >= HANG_LIMIT {
            self.tally.fault(format!("{name} {args:?}: {end}"));
        }
        Some(end)
    }

    /// Runs a command without a kill.
    pub(in crate::torture) fn run(&mut self, name: &str, args: &[&str]) -> Output {
        self.prepare(name, args).run()
    }

    /// Runs a command without a kill that must succeed.
    pub(in crate::torture) fn ok(&mut self, name: &str, args: &[&str]) {
        let end = self.run(name, args);
        if end.code() != 0 {
            self.tally.fault(format!("{name} {args:?} failed: {end}"));
        }
    }

    /// Runs a command until it succeeds.
    pub(in crate::torture) fn run_until_done(&mut self, name: &str, args: &[&str]) -> bool {
        for _ in 0..100 {
            match self.run_disturbed(name, args) {
                Some(end) if end.code() == 0 => {
                    self.tally.acknowledged += 1;
                    return true;
                }
                Some(end) if !matches!(end.code(), 4 | 5 | 8) => {
                    self.tally.fault(format!("{name} {args:?} failed: {end}"));
                    return false;
                }
                _ => {}
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
                self.tally.unreadable += 1;
                self.tally.fault(format!("`{}` cannot be read: {err}", path.display()));
            }
        }
    }

    /// The JSON of a file in the skill folder; `null` if there is none.
    pub(in crate::torture) fn json(path: &Path) -> Value {
        let bytes = std::fs::read(path).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// The state file of `missions`.
    pub(in crate::torture) fn state(&self) -> Value {
        Self::json(&paths::missions_state(&self.sandbox.skill()))
    }

    /// Runs a command whose disk fails, from a moment that the seed decides, while the service may answer late or lose
    /// its answer after the effect: how it ended.
    fn on_a_bad_disk(&mut self, disk: &Disk, name: &str, args: &[&str]) -> Output {
        match self.rng.below(20) {
            0..12 => _ = self.service.fail("*", "/v1/*", RequestFault::Slow(SLOW), 1),
            12..14 => _ = self.service.fail("POST", "/v1/*", RequestFault::Lost, 1),
            _ => {}
        }
        let command = named(name, args);
        let takes = self.takes.get(&command).copied().unwrap_or(Duration::from_millis(8));
        let tried = TriedCommand {
            sandbox: &self.sandbox,
            service: &self.service,
            name: &command,
            program: &self.program(name),
            args,
            stdin: "",
            takes,
        };
        self.tally.commands += 1;
        let (end, faults) = disk.run_command(tried, &mut self.rng);
        for fault in faults {
            self.tally.fault(fault);
        }
        self.service.heal();
        self.check_files();
        let takes = self.takes.entry(command).or_insert(end.took());
        *takes = end.took().min(*takes);
        end
    }
}
