//! `setup` and `uninstall`: both configurations are whole at any moment, secrets are their owner's alone, and what a kill
//! left half done is completed by the same line and taken back to the byte.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use harness::{KEY, Output, SimulatedGateway, TOKEN};
use serde_json::{Value, json};
use state::gateway_config::json5;

use crate::torture::stage::Stage;

/// The gateway's configuration, as somebody wrote it by hand.
const OWN: &str = "home/.openclaw/openclaw.json";
const CONFIG: &str = "skill/skill-config.json";
/// Commands on one machine.
const LIVES: usize = 12;
const UNINSTALL: [&str; 2] = ["uninstall", "--delete-config"];

/// One machine of its own, set up and cleared again and again.
pub(in crate::torture) fn machine(stage: &mut Stage, _: usize) {
    let mut machine = stage.another();
    let gateway = SimulatedGateway::start();
    gateway.allow(false);
    machine.stdin = KEY;
    machine.sandbox.config(&json!({"api_key": KEY, "server": machine.service.url()}));
    // What the owner wrote, with room for what the gateway reads at start.
    let (port, rest) = (gateway.port(), "// the rest stays as it is\n\t".repeat(40));
    let before = format!(
        "{{ // mine\n\tgateway: {{ port: {port}, auth: {{token: '{TOKEN}'}} }},\n\t{rest}agents: {{}},\n}}\n"
    );
    machine.sandbox.write(OWN, &before);
    let server = machine.service.url();
    let setup = ["setup", "--yes", "--api-key-stdin", "--service", "none", "--server", &server];
    let (over, own) = (AtomicBool::new(false), machine.sandbox.path(OWN));
    thread::scope(|scope| {
        scope.spawn(|| reload(&own, &gateway, &over));
        for _ in 0..LIVES {
            let line = if machine.rng.chance(60) { &setup[..] } else { &UNINSTALL };
            let Some(end) = machine.run_disturbed(line[0], &line[1..]) else {
                check_files(&mut machine, &before, None);
                continue;
            };
            // Some of it done, or nothing: each of the two commands reports every part.
            if !matches!(end.code(), 0 | 1 | 3 | 4 | 5) {
                machine.tally.fault(format!("{}: {end}", line[0]));
            }
            check_files(&mut machine, &before, Some(&end));
        }
        // What a killed setup has edited is taken up by now.
        gateway.allow(machine.sandbox.read(OWN).contains("sessions_send"));
        there_and_back(&mut machine, &before, &setup);
        over.store(true, Ordering::Relaxed);
    });
    let tally = std::mem::take(&mut machine.tally);
    stage.tally.add(tally);
}

/// The gateway takes up its configuration, as the real one does.
fn reload(own: &Path, gateway: &SimulatedGateway, over: &AtomicBool) {
    while !over.load(Ordering::Relaxed) {
        let text = fs::read_to_string(own).unwrap_or_default();
        gateway.allow(text.contains("sessions_send"));
        thread::sleep(Duration::from_millis(10));
    }
}

/// Both configurations are whole, and nobody else may read a secret.
fn check_files(machine: &mut Stage, before: &str, end: Option<&Output>) {
    let own = machine.sandbox.read(OWN);
    if json5::parse(&own).is_err() || !(own == before || own.contains("sessions_send")) {
        machine.tally.unreadable(&format!("the gateway's configuration is half edited: {own}"));
    }
    if machine.sandbox.has(CONFIG)
        && serde_json::from_str::<Value>(&machine.sandbox.read(CONFIG)).is_err()
    {
        machine.tally.unreadable("the skill's configuration");
    }
    for folder in ["skill", "home/.openclaw"] {
        let entries = fs::read_dir(machine.sandbox.path(folder)).into_iter().flatten().flatten();
        let is_open = |entry: &fs::DirEntry| {
            entry
                .metadata()
                .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o077 != 0)
        };
        for entry in entries.filter(is_open) {
            machine.tally.fault(format!("others may read `{}`", entry.path().display()));
        }
    }
    let shows = |end: &&Output| {
        [end.out(), end.err()].iter().any(|text| text.contains(KEY) || text.contains(TOKEN))
    };
    if let Some(end) = end.filter(shows) {
        machine.tally.fault(format!("a secret is shown: {end}"));
    }
}

/// Unharmed, setup completes what was left half done, and uninstall takes all of it back.
fn there_and_back(machine: &mut Stage, before: &str, setup: &[&str]) {
    let end = machine.run(setup[0], &setup[1..]);
    check_files(machine, before, Some(&end));
    let is_whole = machine.sandbox.read(OWN).contains("sessions_send")
        && machine.sandbox.has(CONFIG)
        && machine.sandbox.json(CONFIG)["api_key"] == KEY;
    if end.code() != 0 || !is_whole {
        machine.tally.lose(&format!("setup did not complete what a kill left: {end}"));
    }
    let end = machine.run(UNINSTALL[0], &UNINSTALL[1..]);
    check_files(machine, before, Some(&end));
    let after = machine.sandbox.read(OWN);
    if end.code() != 0 || after != before || machine.sandbox.has(CONFIG) {
        machine.tally.lose(&format!("uninstall left something behind: {end}\n{after}"));
    } else {
        machine.tally.add_up("acknowledged", 2);
    }
}
