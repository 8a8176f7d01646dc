//! `setup` and `uninstall`: both configurations are whole at any moment, secrets are their owner's alone, and what a kill
//! left half done is completed by the same line and taken back to the byte.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use harness::{
    KEY, Output, PreparedCommand, Rng, Sandbox, Signal, SimulatedGateway, SimulatedService, TOKEN,
};
use serde_json::Value;
use state::gateway_config::json5;

use super::stage::Tally;
use crate::torture::bad_disk::{Disk, TriedCommand};

/// The gateway's configuration, as somebody wrote it by hand.
const OWN: &str = "home/.openclaw/openclaw.json";
const CONFIG: &str = "skill/skill-config.json";
/// Kills between two machines.
const LIVES: usize = 12;
const HANG_LIMIT: Duration = Duration::from_secs(60);
/// The moment of a kill lies before one of these, in microseconds: most of a setup is waiting for the gateway.
const SETUP: [u64; 3] = [3_000, 10_000, 60_000];
/// The same of an uninstall.
const UNINSTALL: [u64; 3] = [800, 2_000, 5_000];

/// What the owner wrote, with room for what the gateway reads at start.
fn own(gateway: &SimulatedGateway) -> String {
    let (port, rest) = (gateway.port(), "// the rest stays as it is\n\t".repeat(40));
    format!(
        "{{ // mine\n\tgateway: {{ port: {port}, auth: {{token: '{TOKEN}'}} }},\n\t{rest}agents: {{}},\n}}\n"
    )
}

struct Machine<'a> {
    programs: &'a Path,
    service: SimulatedService,
    sandbox: Sandbox,
    rng: Rng,
    tally: Tally,
    /// The disk that fails under every command, instead of kills.
    disk: Option<Disk>,
    /// The gateway's configuration before anything was done.
    before: String,
}

/// One machine, set up and cleared again and again.
pub(in crate::torture) fn torture(programs: &Path, rng: Rng, disk: Option<Disk>) -> Tally {
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    gateway.allow(false);
    let mut sandbox = Sandbox::for_service(&service);
    let path = format!("{}:/usr/bin:/bin", sandbox.path("work/bin").display());
    sandbox.env("PATH", &path);
    let before = own(&gateway);
    sandbox.write(OWN, &before);
    let (over, own) = (AtomicBool::new(false), sandbox.path(OWN));
    let tally = Tally::default();
    let mut machine = Machine { programs, service, sandbox, rng, tally, disk, before };
    thread::scope(|scope| {
        scope.spawn(|| reload(&own, &gateway, &over));
        for _ in 0..LIVES {
            if machine.rng.chance(60) {
                machine.run_disturbed("setup", SETUP);
            } else {
                machine.run_disturbed("uninstall", UNINSTALL);
            }
        }
        // What a killed setup has edited is taken up by now.
        gateway.allow(machine.sandbox.read(OWN).contains("sessions_send"));
        machine.there_and_back();
        over.store(true, Ordering::Relaxed);
    });
    machine.tally
}

/// The gateway takes up its configuration, as the real one does.
fn reload(own: &Path, gateway: &SimulatedGateway, over: &AtomicBool) {
    while !over.load(Ordering::Relaxed) {
        let text = fs::read_to_string(own).unwrap_or_default();
        gateway.allow(text.contains("sessions_send"));
        thread::sleep(Duration::from_millis(10));
    }
}

impl Machine<'_> {
    /// A command that is killed at a random moment.
    fn run_disturbed(&mut self, name: &str, longest: [u64; 3]) {
        if let Some(disk) = self.disk.clone() {
            return self.on_a_bad_disk(&disk, name);
        }
        let most = longest[self.rng.index(3)];
        let moment = Duration::from_micros(self.rng.below(most));
        let mut child = self.prepare(name).spawn();
        thread::sleep(moment); // the moment of the kill
        child.signal(Signal::KILL);
        let end = child.finish(HANG_LIMIT);
        self.tally.commands += 1;
        if end.code() == 137 {
            self.tally.kills += 1;
            *self.tally.by_command.entry(name.to_owned()).or_default() += 1;
        }
        self.check_files(&end);
    }

    /// A command whose disk fails at a random moment.
    fn on_a_bad_disk(&mut self, disk: &Disk, name: &str) {
        let (program, server) = (self.program(name), self.service.url());
        let tried = TriedCommand {
            sandbox: &self.sandbox,
            service: &self.service,
            name,
            program: &program,
            args: &args(name, &server),
            stdin: &format!("{KEY}\n"),
            takes: Duration::from_micros(if name == "setup" { SETUP[2] } else { UNINSTALL[2] }),
        };
        let (end, faults) = disk.run_command(tried, &mut self.rng);
        self.tally.commands += 1;
        // Some of it done, or nothing: each of the two commands reports every part.
        let well = matches!(end.code(), 0 | 1 | 4);
        for fault in faults.into_iter().chain((!well).then(|| format!("{name}: {end}"))) {
            self.tally.fault(fault);
        }
        self.check_files(&end);
    }

    fn program(&self, name: &str) -> String {
        self.programs.join(name).display().to_string()
    }

    fn prepare(&self, name: &str) -> PreparedCommand<'_> {
        let server = self.service.url();
        self.sandbox.prepare(&self.program(name), args(name, &server)).stdin(&format!("{KEY}\n"))
    }

    /// Both configurations are whole, and nobody else may read a secret.
    fn check_files(&mut self, end: &Output) {
        let own = self.sandbox.read(OWN);
        if json5::parse(&own).is_err() || !(own == self.before || own.contains("sessions_send")) {
            self.tally.unreadable += 1;
            self.tally.fault(format!("the gateway's configuration is half edited: {own}"));
        }
        if self.sandbox.has(CONFIG)
            && serde_json::from_str::<Value>(&self.sandbox.read(CONFIG)).is_err()
        {
            self.tally.unreadable += 1;
            self.tally.fault("the skill's configuration cannot be read".to_owned());
        }
        for folder in ["skill", "home/.openclaw"] {
            for path in open_to_others(&self.sandbox.path(folder)) {
                self.tally.fault(format!("others may read `{}`", path.display()));
            }
        }
        if [end.out(), end.err()].iter().any(|text| text.contains(KEY) || text.contains(TOKEN)) {
            self.tally.fault(format!("a secret is shown: {end}"));
        }
    }

    /// Unharmed, setup completes what was left half done, and uninstall takes all of it back.
    fn there_and_back(&mut self) {
        let end = self.prepare("setup").run();
        self.check_files(&end);
        let is_whole = self.sandbox.read(OWN).contains("sessions_send")
            && self.sandbox.has(CONFIG)
            && self.sandbox.json(CONFIG)["api_key"] == KEY;
        if end.code() != 0 || !is_whole {
            self.tally.lose(&format!("setup did not complete what a kill left: {end}"));
        }
        let end = self.prepare("uninstall").run();
        self.check_files(&end);
        self.tally.commands += 2;
        let after = self.sandbox.read(OWN);
        if end.code() != 0 || after != self.before || self.sandbox.has(CONFIG) {
            self.tally.lose(&format!("uninstall left something behind: {end}\n{after}"));
        } else {
            self.tally.acknowledged += 2;
        }
    }
}

fn args<'a>(name: &str, server: &'a str) -> Vec<&'a str> {
    match name {
        "setup" => vec!["--yes", "--api-key-stdin", "--service", "none", "--server", server],
        _ => vec!["--delete-config"],
    }
}

/// Files below that others than their owner may read or write.
fn open_to_others(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_open = |path: &PathBuf| {
        fs::metadata(path)
            .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o077 != 0)
    };
    entries.map(|entry| entry.path()).filter(is_open).collect()
}
