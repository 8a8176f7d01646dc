//! `setup --service`: what keeps the client running after a crash and a reboot.

#![expect(clippy::unwrap_used, reason = "to panic is how a test fails")]

#[path = "setup/machine.rs"]
mod machine;

use harness::{KEY, Output};
use machine::{CONFIG, Machine, OWN, changed};
use serde_json::json;

const SETUP: &str = env!("CARGO_BIN_EXE_setup");
const UNIT: &str = "home/.config/systemd/user/clawdtalk-connect.service";

fn machine() -> Machine {
    let machine = Machine::new(
        "{gateway: {port: @PORT@, auth: {token: '@TOKEN@'}, tools: {allow: ['sessions_send']}}}",
    );
    machine.gateway.allow(true);
    machine.crontab("MAILTO=me\n0 3 * * * backup # mine\n");
    machine.systemd("");
    machine.sandbox.config(&json!({"api_key": KEY, "server": machine.service.url()}));
    machine
}

fn setup(machine: &Machine, kind: &str) -> Output {
    machine.sandbox.run(SETUP, ["--yes", "--service", kind])
}

/// The check of what keeps the client running passes.
#[track_caller]
fn is_kept_running(out: &Output) {
    let checks = out.json()["checks"].as_array().unwrap().clone();
    let check = checks.iter().find(|check| check["id"] == "background").unwrap().clone();
    assert_eq!(check["status"], "pass", "{out}");
}

fn systemctl_calls(machine: &Machine) -> Vec<String> {
    machine.sandbox.read("work/systemctl").lines().map(str::to_owned).collect()
}

#[test]
fn two_marked_lines_of_cron_start_and_watch_the_client() {
    let machine = machine();
    // The client of this test does nothing, so the check `client` fails.
    let out = setup(&machine, "cron");
    is_kept_running(out.fails(1));
    let skill = machine.sandbox.skill().display().to_string();
    let line = |schedule: &str, verb: &str| {
        format!(
            "{schedule} {skill}/bin/connect {verb} --quiet --skill-dir {skill} >/dev/null 2>&1 # clawdtalk connect {skill}\n"
        )
    };
    let wanted = format!(
        "MAILTO=me\n0 3 * * * backup # mine\n{}{}",
        line("@reboot", "start"),
        line("* * * * *", "watchdog")
    );
    assert_eq!(machine.sandbox.read("work/crontab"), wanted);
    assert_eq!(machine.config()["setup"]["service"], "cron");
    assert_eq!(changed(&setup(&machine, "cron")), [""; 0], "again changes nothing");
    setup(&machine, "none").ok();
    assert_eq!(machine.sandbox.read("work/crontab"), "MAILTO=me\n0 3 * * * backup # mine\n");
    assert_eq!(machine.config().get("setup"), None);
}

#[test]
fn the_lines_work_with_the_environment_that_cron_gives() {
    let machine = machine();
    machine.program("skill/bin/connect", "echo \"$@\" > \"$(dirname \"$0\")/../ran\"");
    setup(&machine, "cron").fails(1);
    let crontab = machine.sandbox.read("work/crontab");
    let line = crontab.lines().find(|line| line.starts_with("@reboot")).unwrap();
    let command = line.strip_prefix("@reboot ").unwrap();
    let status = std::process::Command::new("/bin/sh")
        .args(["-c", command])
        .env_clear()
        .current_dir("/")
        .status();
    assert!(status.unwrap().success());
    let skill = machine.sandbox.skill().display().to_string();
    assert_eq!(machine.sandbox.read("skill/ran"), format!("start --quiet --skill-dir {skill}\n"));
}

#[test]
fn a_unit_runs_the_client_and_gives_up_where_trying_again_is_useless() {
    let machine = machine();
    let out = setup(&machine, "systemd");
    is_kept_running(out.fails(1));
    let unit = machine.sandbox.read(UNIT);
    let skill = machine.sandbox.skill().display().to_string();
    for line in [
        &format!("ExecStart=\"{skill}/bin/connect\" run --skill-dir \"{skill}\""),
        "Environment=GLIBC_TUNABLES=glibc.malloc.arena_max=2:glibc.malloc.tcache_count=2",
        "Restart=on-failure",
        "RestartPreventExitStatus=2 3 5",
        "NoNewPrivileges=yes",
    ] {
        assert!(unit.lines().any(|found| found == line), "wanted {line}\n{unit}");
    }
    let name = "clawdtalk-connect.service";
    let wanted = [
        "--user daemon-reload".to_owned(),
        format!("--user enable {name}"),
        format!("--user restart {name}"),
    ];
    assert_eq!(systemctl_calls(&machine)[..3], wanted);
    assert_eq!(machine.config()["setup"]["service"], "systemd");
    assert_eq!(machine.files("home/.config/systemd/user"), [name], "nothing else lies there");
    assert_eq!(changed(&setup(&machine, "systemd")), [""; 0], "again changes nothing");
    assert!(
        !systemctl_calls(&machine)[4..].contains(&wanted[2]),
        "a client that runs is not interrupted"
    );
}

#[test]
fn changing_from_one_to_the_other_leaves_one() {
    let machine = machine();
    setup(&machine, "systemd").fails(1);
    setup(&machine, "cron").fails(1);
    assert!(!machine.sandbox.has(UNIT));
    assert!(
        systemctl_calls(&machine)
            .contains(&"--user disable --now clawdtalk-connect.service".to_owned())
    );
    assert_eq!(machine.config()["setup"]["service"], "cron");
}

#[test]
fn a_systemd_that_cannot_be_used_leaves_no_unit() {
    let machine = machine();
    machine.systemd("echo 'Failed to connect to bus: No medium found' >&2; exit 1");
    let out = setup(&machine, "systemd");
    out.fails(4).stderr_has("Failed to connect to bus").stderr_has("hint: log in as the owner");
    assert!(!machine.sandbox.has(UNIT));
    assert_eq!(machine.config().get("setup"), None);
    assert_eq!(out.json()["service"], json!(null), "none was installed");
}

#[test]
fn a_crontab_that_is_refused_is_reported() {
    let machine = machine();
    machine.program(
        "work/bin/crontab",
        "echo 'You (x) are not allowed to use this program' >&2; exit 1",
    );
    setup(&machine, "cron").fails(4).stderr_has("not allowed to use this program");
    assert_eq!(machine.config().get("setup"), None);
}

#[test]
fn a_key_that_only_this_shell_has_is_refused_before_anything_is_installed() {
    let machine = machine();
    machine.sandbox.adjust(&json!({"api_key": "${ONLY_HERE}"}));
    let run = || {
        machine.sandbox.prepare(SETUP, ["--yes", "--service", "cron"]).env("ONLY_HERE", KEY).run()
    };
    let out = run();
    out.fails(3)
        .stderr_has("cron would start the client without this shell's variables")
        .stderr_has("${ONLY_HERE}");
    out.stderr_has("put the variable into `");
    assert!(!machine.sandbox.read("work/crontab").contains("clawdtalk"));
    machine.sandbox.write("skill/.env", &format!("export ONLY_HERE='{KEY}'\n"));
    run().fails(1);
    assert!(machine.sandbox.read("work/crontab").contains("clawdtalk"));
}

#[test]
fn a_key_that_the_service_would_not_find_replaces_none_that_works() {
    let machine = machine();
    let before = machine.sandbox.read(CONFIG);
    let own = machine.sandbox.read(OWN);
    for kind in ["systemd", "cron"] {
        let args = ["--yes", "--api-key-env", "ONLY_HERE", "--service", kind];
        let out = machine.sandbox.prepare(SETUP, args).env("ONLY_HERE", KEY).run();
        out.fails(3).silent().stderr_has("hint: nothing was changed; put the variable into `");
        assert_eq!(
            (machine.sandbox.read(CONFIG), machine.sandbox.read(OWN)),
            (before.clone(), own.clone())
        );
        assert_eq!(machine.files("skill"), ["bin", "skill-config.json"]);
    }
    machine.sandbox.write("skill/.env", &format!("ONLY_HERE={KEY}\n"));
    let out =
        machine.sandbox.run(SETUP, ["--yes", "--api-key-env", "ONLY_HERE", "--service", "cron"]);
    assert_eq!(out.json()["service"], "cron");
    assert_eq!(machine.config()["api_key"], "${ONLY_HERE}");
}

#[test]
fn a_skill_without_a_client_cannot_be_kept_running() {
    let machine = machine();
    std::fs::remove_file(machine.sandbox.path("skill/bin/connect")).unwrap();
    // Copied to where no other program is.
    let alone = machine.sandbox.path("work/setup");
    std::fs::copy(SETUP, &alone).unwrap();
    let out = machine.sandbox.run(&alone.display().to_string(), ["--yes", "--service", "cron"]);
    out.fails(3).stderr_has("no `connect` at").stderr_has("hint: run `cargo xtask install`");
    assert!(!machine.sandbox.read("work/crontab").contains("clawdtalk"));
    assert!(machine.sandbox.has(CONFIG));
}

/// All folders share the one name of the unit.
#[test]
fn the_unit_of_another_folder_is_left_alone() {
    let machine = machine();
    let other = machine.sandbox.path("other").display().to_string();
    let unit =
        format!("[Service]\nExecStart=\"{other}/bin/connect\" run --skill-dir \"{other}\"\n");
    machine.sandbox.write(UNIT, &unit);
    machine.sandbox.write("other/skill-config.json", "{}");
    setup(&machine, "systemd").fails(2).stderr_has(&format!("runs the client of `{other}`"));
    assert_eq!(machine.sandbox.read(UNIT), unit);
    assert_eq!(machine.config().get("setup"), None);

    // Taken over by that folder after this one was set up.
    machine.sandbox.write(UNIT, "");
    setup(&machine, "systemd").fails(1);
    machine.sandbox.write(UNIT, &unit);
    setup(&machine, "none").ok();
    assert_eq!(machine.sandbox.read(UNIT), unit);
    assert!(!systemctl_calls(&machine).iter().any(|line| line.contains("disable")));

    // One that is gone needs it no more.
    std::fs::remove_dir_all(machine.sandbox.path("other")).unwrap();
    is_kept_running(setup(&machine, "systemd").fails(1));
}
