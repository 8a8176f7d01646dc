//! `uninstall` undoes exactly what setup did.

#![expect(clippy::unwrap_used, reason = "to panic is how a test fails")]

#[path = "setup/machine.rs"]
mod machine;

use harness::{KEY, Output, Signal};
use machine::{CONFIG, Machine, OWN, chmod};
use serde_json::{Value, json};
use state::lock::Lock;
use std::time::{Duration, Instant};

const SETUP: &str = env!("CARGO_BIN_EXE_setup");
const UNINSTALL: &str = env!("CARGO_BIN_EXE_uninstall");

const COMMENTED: &str = "{ // mine\r\n\tgateway: {\r\n\t\tport: @PORT@, auth: {token: '@TOKEN@'} // secret\r\n\t\t// the end\r\n\t}\r\n}\r\n";

fn set_up(machine: &Machine, args: &[&str]) -> Output {
    let server = machine.service.url();
    let fixed = ["--yes", "--api-key-stdin", "--server", &server];
    let args: Vec<_> = fixed.iter().chain(args).copied().map(str::to_owned).collect();
    machine.while_reloading(|| machine.sandbox.prepare(SETUP, args).stdin(KEY).run())
}

fn uninstall(machine: &Machine, args: &[&str]) -> Output {
    machine.sandbox.run(UNINSTALL, args)
}

fn steps(out: &Output, key: &str) -> Vec<String> {
    let document = out.json();
    let text = |step: &Value| step["what"].as_str().unwrap().to_owned();
    document[key].as_array().unwrap().iter().map(text).collect()
}

#[test]
fn the_gateways_files_are_as_they_were_to_the_byte() {
    let machine = Machine::new("{gateway: {$include: './gw.json5'}, /* rest */ agents: {},}\n");
    machine.write(
        "home/.openclaw/gw.json5",
        COMMENTED.split_once("gateway: ").unwrap().1.rsplit_once("\r\n}").unwrap().0,
    );
    let real = machine.sandbox.path("home/.openclaw/dot/openclaw.json");
    std::fs::create_dir(real.parent().unwrap()).unwrap();
    std::fs::rename(machine.sandbox.path(OWN), &real).unwrap();
    std::os::unix::fs::symlink("dot/openclaw.json", machine.sandbox.path(OWN)).unwrap();
    chmod(&machine.sandbox.path("home/.openclaw/gw.json5"), 0o644);
    let files = [OWN, "home/.openclaw/gw.json5"];
    let before = files.map(|path| machine.sandbox.read(path));
    set_up(&machine, &["--chat"]).ok();
    assert_ne!(files.map(|path| machine.sandbox.read(path)), before);
    let out = uninstall(&machine, &[]);
    out.ok().quiet();
    assert_eq!(files.map(|path| machine.sandbox.read(path)), before);
    assert!(std::fs::symlink_metadata(machine.sandbox.path(OWN)).unwrap().is_symlink());
    assert_eq!(machine.sandbox.mode("home/.openclaw/gw.json5"), 0o644);
    assert_eq!(
        machine.files("home/.openclaw"),
        ["dot", "gw.json5", "openclaw.json"],
        "no backup is left"
    );
    assert_eq!(machine.config().get("setup"), None);
    assert_eq!(machine.config()["api_key"], KEY, "the configuration stays unless it is asked for");
    assert_eq!(steps(&uninstall(&machine, &[]), "done"), [""; 0], "a second time finds nothing");
}

#[test]
fn every_layout_comes_back() {
    for own in [
        "{}",
        "{\n}\n",
        COMMENTED,
        "{gateway: {port: @PORT@, auth: {token: '@TOKEN@'}, tools: {}}}",
        "{gateway: {port: @PORT@, auth: {token: '@TOKEN@'}, tools: {allow: []}}}",
        "{gateway: {port: @PORT@, auth: {token: '@TOKEN@'}, tools: {allow: ['tts' /* speech */,\n]}, http: {endpoints: {chatCompletions: {enabled: false}}}}}",
        "{\"gateway\":{\"port\":@PORT@,\"auth\":{\"token\":\"@TOKEN@\"}}}",
    ] {
        let machine = Machine::new(own);
        let before = machine.sandbox.read(OWN);
        set_up(&machine, &["--chat"]);
        assert!(machine.sandbox.read(OWN).contains("sessions_send"), "{own}");
        uninstall(&machine, &[]).ok();
        assert_eq!(machine.sandbox.read(OWN), before);
    }
}

#[test]
fn what_others_changed_since_stays() {
    let machine = Machine::new(COMMENTED);
    set_up(&machine, &[]).ok();
    let after = machine.sandbox.read(OWN);
    machine.sandbox.write(
        OWN,
        &after
            .replace("\"sessions_send\"", "\"sessions_send\", 'cron'")
            .replace("// mine", "// ours"),
    );
    uninstall(&machine, &[]).ok();
    let left = machine.sandbox.read(OWN);
    assert!(
        left.contains("// ours") && left.contains("'cron'") && !left.contains("sessions_send"),
        "{left}"
    );
}

#[test]
fn a_permission_that_setup_did_not_give_stays() {
    let machine = Machine::new(
        "{gateway: {port: @PORT@, auth: {token: '@TOKEN@'}, tools: {allow: ['sessions_send']}}}",
    );
    machine.gateway.allow(true);
    set_up(&machine, &[]).ok();
    let before = machine.sandbox.read(OWN);
    uninstall(&machine, &["--delete-config"]).ok();
    assert_eq!(machine.sandbox.read(OWN), before);
}

#[test]
fn a_dry_run_lists_everything_and_does_nothing() {
    let machine = Machine::new(COMMENTED);
    machine.crontab("");
    set_up(&machine, &["--service", "cron"]).fails(1);
    machine.sandbox.write("skill/.connect.log", "x");
    machine.sandbox.write("skill/.missions_state.json", "{}");
    let files = || [OWN, CONFIG, "work/crontab"].map(|path| machine.sandbox.read(path));
    let before = files();
    let out = uninstall(&machine, &["--dry-run", "--delete-config", "--delete-state"]);
    let found = steps(out.ok(), "would_do");
    assert_eq!(
        found[..2],
        ["remove the cron service", "take back gateway.tools.allow += \"sessions_send\""]
    );
    assert!(out.out().contains(".connect.log") && out.out().contains("skill-config.json"), "{out}");
    assert!(out.out().contains(".missions_state.json"), "{out}");
    assert_eq!(out.json()["kept"], json!([]));
    assert_eq!(files(), before);
    assert!(machine.sandbox.has("skill/.connect.log"));
    uninstall(&machine, &["--dry-run", "--text"])
        .ok()
        .stdout_has("would do: remove the cron service crontab\n");
}

#[test]
fn files_go_by_what_they_are() {
    let machine = Machine::new(COMMENTED);
    machine.sandbox.config(&json!({"api_key": KEY}));
    let running = [
        ".connect.log",
        ".connect.log.1",
        ".connect.pid",
        ".connect.journal",
        ".watchdog.log",
        ".device-status",
    ];
    let stays = [
        ".missions_state.json",
        ".missions_notes.json",
        ".missions_notes.json.lock",
        ".do_not_call.json",
        ".intents.json",
        ".env",
        "SKILL.md",
    ];
    for name in running.iter().chain(&stays) {
        machine.sandbox.write(&format!("skill/{name}"), "x");
    }
    let out = uninstall(&machine, &["--keep-config"]);
    out.ok();
    let mut stay = [&stays[..], &["bin", "skill-config.json"]].concat();
    stay.sort_unstable();
    assert_eq!(machine.files("skill"), stay);
    assert_eq!(out.json()["kept"].as_array().unwrap().len(), 5, "{out}");
    uninstall(&machine, &["--delete-config", "--delete-state"]).ok();
    assert_eq!(machine.files("skill"), [".env", "SKILL.md", "bin"]);
}

#[test]
fn cron_lines_go_and_others_stay() {
    let machine = Machine::new(COMMENTED);
    machine.crontab("0 3 * * * backup\n");
    set_up(&machine, &["--service", "cron"]).fails(1);
    uninstall(&machine, &[]).ok();
    assert_eq!(machine.sandbox.read("work/crontab"), "0 3 * * * backup\n");
}

#[test]
fn the_lines_of_missions_go_with_the_programs_they_run() {
    let machine = Machine::new(COMMENTED);
    machine.sandbox.config(&json!({"api_key": KEY}));
    let skill = machine.sandbox.skill().display().to_string();
    let line = |slug: &str, of: &str| {
        format!(
            "* * * * * {of}/bin/missions tick >/dev/null 2>&1 # clawdtalk mission {slug} {of}\n"
        )
    };
    let others = format!("0 3 * * * backup\n{}", line("plumbers", "/another"));
    let ours = format!("{}{}", line("plumbers", &skill), line("50\\%", &skill));
    machine.crontab(&format!("{others}{ours}"));
    let found = steps(uninstall(&machine, &["--dry-run"]).ok(), "would_do");
    assert_eq!(found.len(), 2, "{found:?}");
    uninstall(&machine, &[]).ok();
    assert_eq!(machine.sandbox.read("work/crontab"), others);
}

#[test]
fn the_gateways_jobs_of_missions_go_too() {
    let machine = Machine::new(COMMENTED);
    machine.sandbox.config(&json!({"api_key": KEY}));
    let state = json!({
        "it's": {"cron": {"scheduler": "openclaw", "program": "/usr/bin/openclaw"}},
        "by-line": {"cron": {"scheduler": "crontab"}}, "alone": {},
    });
    machine.sandbox.write("skill/.missions_state.json", &state.to_string());
    machine
        .program("skill/bin/missions", "printf '%s|' \"$@\" > \"$(dirname \"$0\")/../arguments\"");
    let found = steps(uninstall(&machine, &[]).ok(), "done");
    assert_eq!(found, ["remove the gateway's job of the mission `it's`"]);
    let skill = machine.sandbox.skill().display().to_string();
    let wanted = format!("cron|remove|--quiet|--skill-dir|{skill}|--|it's|");
    assert_eq!(machine.sandbox.read("skill/arguments"), wanted);
    machine.program("skill/bin/missions", "echo 'error: gateway down' >&2; exit 4");
    uninstall(&machine, &[]).fails(4).stderr_has("is still there: error: gateway down");
}

#[test]
fn the_unit_is_stopped_and_removed() {
    let machine = Machine::new(COMMENTED);
    machine.systemd("");
    set_up(&machine, &["--service", "systemd"]).fails(1);
    uninstall(&machine, &[]).ok();
    let found = machine.sandbox.read("work/systemctl");
    assert!(
        found.ends_with("--user disable --now clawdtalk-connect.service\n--user daemon-reload\n"),
        "{found}"
    );
    assert_eq!(machine.files("home/.config/systemd/user"), [""; 0]);
}

#[test]
fn the_running_client_is_stopped_by_its_own_program() {
    let machine = Machine::new(COMMENTED);
    machine.sandbox.config(&json!({"api_key": KEY}));
    let skill = machine.sandbox.skill().display().to_string();
    machine
        .program("skill/bin/connect", "echo \"$*\" > \"$(dirname \"$0\")/arguments\"; sleep 0.3");
    let lock = Lock::try_acquire(&machine.sandbox.path("skill/.connect.lock")).unwrap().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // The client ends when `connect stop` is run.
            let until = Instant::now() + Duration::from_secs(10);
            while !machine.sandbox.has("skill/bin/arguments") && Instant::now() < until {
                // Between two polls of what was run.
                std::thread::sleep(Duration::from_millis(5));
            }
            drop(lock);
        });
        let out = uninstall(&machine, &[]);
        assert_eq!(steps(out.ok(), "done")[0], "stop the client");
    });
    assert_eq!(
        machine.sandbox.read("skill/bin/arguments"),
        format!("stop --quiet --skill-dir {skill}\n")
    );
}

#[test]
fn a_client_that_cannot_be_stopped_is_reported_and_the_rest_is_done() {
    let machine = Machine::new(COMMENTED);
    set_up(&machine, &[]).ok();
    machine.program("skill/bin/connect", "echo 'error: not yours' >&2; exit 1");
    let _lock = Lock::try_acquire(&machine.sandbox.path("skill/.connect.lock")).unwrap().unwrap();
    let out = uninstall(&machine, &["--delete-config"]);
    out.fails(5).stderr_has("the client could not be stopped: error: not yours");
    assert_eq!(steps(&out, "failed")[0], "stop the client");
    assert!(!machine.sandbox.read(OWN).contains("sessions_send"));
    assert!(machine.sandbox.has(CONFIG), "what remembers the rest stays");
}

#[test]
fn the_client_of_the_old_scripts_is_pointed_out_and_lives() {
    let machine = Machine::new(COMMENTED);
    machine.sandbox.config(&json!({"api_key": KEY}));
    let mut old = std::process::Command::new("/bin/sh")
        .args(["-c", "sleep 30; :", "ws-client.js"])
        .spawn()
        .unwrap();
    machine.sandbox.write("skill/.connect.pid", &format!("{}\n", old.id()));
    let out = uninstall(&machine, &[]);
    out.ok().stderr_has(&format!("end it with: kill {}", old.id()));
    assert!(old.try_wait().unwrap().is_none(), "it was not touched");
    assert!(machine.sandbox.has("skill/.connect.pid"));
    old.kill().unwrap();
    old.wait().unwrap();
}

#[test]
fn the_voice_agent_of_early_versions_goes_and_a_like_named_one_stays() {
    let text = "{agents: {list: [\n  {id: 'main', default: true}, // me\n  {id: 'voice', name: 'Jarvis Voice', model: 'anthropic/x', workspace: '/w'},\n]}}\n";
    let machine = Machine::new(text);
    machine.sandbox.config(&json!({"api_key": KEY}));
    let out = uninstall(&machine, &[]);
    assert_eq!(steps(out.ok(), "done"), ["remove the voice agent of early versions"]);
    assert_eq!(
        machine.sandbox.read(OWN),
        "{agents: {list: [\n  {id: 'main', default: true}, // me\n]}}\n"
    );
    let theirs = "{agents: {entries: {voice: {name: 'Singer', model: 'x', tools: {}}}}}";
    machine.sandbox.write(OWN, theirs);
    uninstall(&machine, &[]).ok();
    assert_eq!(machine.sandbox.read(OWN), theirs);
}

#[test]
fn what_cannot_be_undone_now_is_undone_by_the_next_run() {
    let machine = Machine::new(COMMENTED);
    let before = machine.sandbox.read(OWN);
    set_up(&machine, &[]).ok();
    let good = machine.sandbox.read(OWN);
    machine.sandbox.write(OWN, &good.replace("port:", "port"));
    let out = uninstall(&machine, &["--delete-config"]);
    out.fails(4);
    assert_eq!(
        steps(&out, "failed").len(),
        2,
        "the edit, and the configuration that remembers it: {out}"
    );
    assert_eq!(machine.config()["setup"]["gateway"].as_array().unwrap().len(), 1);
    machine.sandbox.write(OWN, &good);
    uninstall(&machine, &["--delete-config"]).ok();
    assert_eq!(machine.sandbox.read(OWN), before);
    assert!(!machine.sandbox.has(CONFIG));
}

#[test]
fn a_full_disk_leaves_the_gateways_file_whole() {
    let machine = Machine::new(&format!(
        "{{gateway: {{port: @PORT@, auth: {{token: '@TOKEN@'}}}}}} // {}\n",
        "x".repeat(8000)
    ));
    set_up(&machine, &[]).ok();
    let edited = machine.sandbox.read(OWN);
    let line = format!("ulimit -f 8; exec '{UNINSTALL}'");
    machine.sandbox.run("/bin/sh", ["-c", &line]).fails(4);
    assert_eq!(machine.sandbox.read(OWN), edited);
    assert_eq!(
        machine.files("home/.openclaw"),
        ["openclaw.json", "openclaw.json.before-clawdtalk"]
    );
    uninstall(&machine, &[]).ok();
    assert!(!machine.sandbox.read(OWN).contains("sessions_send"));
}

#[test]
fn a_kill_at_any_moment_leaves_whole_files_that_go_back() {
    let machine = Machine::new(COMMENTED);
    let (before, server) = (machine.sandbox.read(OWN), machine.service.url());
    let args = ["--yes", "--chat", "--api-key-stdin", "--server", &server];
    let kill = |program: &str, args: &[&str], after: Duration| {
        let mut child = machine.sandbox.prepare(program, args).stdin(KEY).spawn();
        // A moment is what is chosen here; nothing is concluded from its length.
        std::thread::sleep(after);
        child.signal(Signal::KILL);
        child.finish(Duration::from_secs(5));
        let own = machine.sandbox.read(OWN);
        assert!(own == before || own.contains("sessions_send"), "{own}");
        assert!(!machine.sandbox.has(CONFIG) || machine.config().is_object());
    };
    for round in 0..60 {
        kill(SETUP, &args, Duration::from_micros(500 * round));
        kill(UNINSTALL, &["--keep-config"], Duration::from_micros(100 * (round % 20)));
    }
    // A setup that is not killed records everything, so that all can be undone.
    set_up(&machine, &["--chat"]).ok();
    uninstall(&machine, &[]).ok();
    assert_eq!(machine.sandbox.read(OWN), before);
    assert_eq!(machine.files("home/.openclaw"), ["openclaw.json"]);
}

#[test]
fn a_gateway_config_that_is_gone_needs_no_undoing() {
    let machine = Machine::new(COMMENTED);
    set_up(&machine, &[]).ok();
    std::fs::remove_file(machine.sandbox.path(OWN)).unwrap();
    uninstall(&machine, &[]).ok();
    assert_eq!(machine.config().get("setup"), None);
}

#[test]
fn a_broken_configuration_is_reported_and_nothing_is_removed() {
    let machine = Machine::new(COMMENTED);
    machine.sandbox.write(CONFIG, "{\"api_key\":");
    machine.sandbox.write("skill/.connect.log", "x");
    uninstall(&machine, &["--delete-config"]).fails(3).silent().stderr_has("mend the file");
    assert!(machine.sandbox.has("skill/.connect.log"));
}
