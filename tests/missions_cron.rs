//! `missions cron`: one line of the crontab for each mission, and nothing else in it is touched.

#![expect(clippy::unwrap_used, reason = "to panic is how a test fails")]

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::Duration;

use harness::{Output, Sandbox, Signal, SimulatedService, wait_until};
use serde_json::{Value, json};

const MISSIONS: &str = env!("CARGO_BIN_EXE_missions");
const STATE: &str = "skill/.missions_state.json";
const SOON: Duration = Duration::from_secs(10);

/// The owner's crontab, with lines that look like ours, and no line end.
const OWN: &str = "MAILTO=me\n# clawdtalk mission plumbers\n0 3 * * * tick \\% \"it's\" # clawdtalk mission plumbers /else\r\n\n@daily x";

struct Machine {
    _service: SimulatedService,
    sandbox: Sandbox,
}

fn program(sandbox: &Sandbox, path: &str, script: &str) {
    sandbox.write(path, &format!("#!/bin/sh\n{script}\n"));
    let mode = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(sandbox.path(path), mode).unwrap();
}

/// With two missions, one that has ended, and a crontab of the owner's.
fn machine() -> Machine {
    let service = SimulatedService::start();
    let mut sandbox = Sandbox::for_service(&service);
    sandbox.env("PATH", &format!("{}:/usr/bin:/bin", sandbox.path("work/bin").display()));
    let event = json!({"assistant_id": "a", "channel": "sms", "to": "+15550100001", "from": "+15550100002",
        "scheduled_at": "2027-01-01T00:00:00Z", "status": "pending"});
    let missions = json!({
        "plumbers": {"mission_id": "m1", "run_id": "r1", "status": "running", "events": {"e1": event}},
        "50% it's \"done\"": {"mission_id": "m2", "run_id": "r2", "status": "running"},
        "over": {"mission_id": "m3", "run_id": "r3", "status": "succeeded"},
    });
    sandbox.write(STATE, &missions.to_string());
    sandbox.cron_daemon();
    let machine = Machine { _service: service, sandbox };
    machine.crontab(OWN);
    machine
}

impl Machine {
    fn crontab(&self, lines: &str) {
        self.sandbox.write("work/crontab", lines);
        let file = self.sandbox.path("work/crontab").display().to_string();
        let script = format!("case \"$1\" in -l) cat '{file}';; -) cat > '{file}';; esac");
        program(&self.sandbox, "work/bin/crontab", &script);
    }

    fn lines(&self) -> String {
        self.sandbox.read("work/crontab")
    }

    fn cron(&self, args: &[&str]) -> Output {
        self.sandbox.run(MISSIONS, [&["cron"], args].concat())
    }

    fn mission(&self, slug: &str) -> Value {
        self.sandbox.json(STATE)[slug].clone()
    }

    /// The line that `add` writes, up to the slug's quoting.
    fn line(&self, schedule: &str, slug: &str) -> String {
        let skill = self.sandbox.skill().display().to_string();
        format!(
            "{schedule} {MISSIONS} tick --quiet --skill-dir {skill} -- {slug} >/dev/null 2>&1 # clawdtalk mission {slug} {skill}\n"
        )
    }
}

#[test]
fn a_line_is_added_once_and_removed_without_a_trace() {
    let machine = machine();
    let out = machine.cron(&["add", "plumbers"]);
    let document = out.ok().json();
    assert_eq!((&document["scheduler"], &document["changed"]), (&json!("crontab"), &json!(true)));
    let wanted = format!("{OWN}\n{}", machine.line("* * * * *", "plumbers"));
    assert_eq!(machine.lines(), wanted);
    assert_eq!(machine.cron(&["add", "plumbers"]).ok().json()["changed"], false);
    assert_eq!(machine.lines(), wanted);

    machine.cron(&["add", "plumbers", "--every", "120"]).ok();
    assert_eq!(machine.lines(), format!("{OWN}\n{}", machine.line("0 */2 * * *", "plumbers")));

    assert_eq!(machine.cron(&["remove", "plumbers"]).ok().json()["changed"], true);
    // A crontab ends with a line end: cron passes over a last line without one.
    assert_eq!(machine.lines(), format!("{OWN}\n"));
    assert_eq!(machine.cron(&["remove", "plumbers"]).ok().json()["changed"], false);
    assert_eq!(machine.mission("plumbers").get("cron"), None);
}

#[test]
fn the_lines_of_this_folder_are_listed() {
    let machine = machine();
    assert_eq!(machine.cron(&["list"]).ok().json(), json!({"missions": []}));
    let odd = "50% it's \"done\"";
    for slug in ["plumbers", odd] {
        machine.cron(&["add", slug]).ok();
    }
    let listed = machine.cron(&["list"]).ok().json();
    let slugs: Vec<&Value> =
        listed["missions"].as_array().unwrap().iter().map(|row| &row["slug"]).collect();
    assert_eq!(slugs, [&json!("plumbers"), &json!(odd)]);
    let only = machine.cron(&["list", odd]).ok().json();
    assert_eq!(only["missions"].as_array().unwrap().len(), 1);
    machine.cron(&["list", "plumbers", "--text"]).ok().stdout_has("plumbers: crontab * * * * *");
    // The line of a mission that the state file does not have any more can still be removed.
    machine.sandbox.write(STATE, "{}");
    assert_eq!(machine.cron(&["remove", odd]).ok().json()["changed"], true);
    machine.cron(&["remove", odd]).fails(2);
}

#[test]
fn the_line_works_in_the_environment_that_cron_gives() {
    let machine = machine();
    let ran = machine.sandbox.path("ran").display().to_string();
    let script = format!("printf '%s|' \"$@\" > '{ran}'; env >> '{ran}'");
    program(&machine.sandbox, "skill/bin/missions", &script);
    machine.cron(&["add", "50% it's \"done\""]).ok();
    // The key is tried first.
    let tried = machine.sandbox.read("ran");
    assert!(tried.contains("PATH=/usr/bin:/bin\n") && !tried.contains("CLAWDTALK"), "{tried}");
    machine.sandbox.write("ran", "");
    let lines = machine.lines();
    let command = lines.lines().last().unwrap().strip_prefix("* * * * * ").unwrap();
    // As cron(8) does: the first bare percent sign ends the command, and the others lose their backslash.
    let command = command.replace("\\%", "\0");
    assert!(!command.contains('%'));
    let command = command.replace('\0', "%");
    let mut shell = Command::new("/bin/sh");
    assert!(shell.args(["-c", &command]).env_clear().current_dir("/").status().unwrap().success());
    let skill = machine.sandbox.skill().display().to_string();
    let wanted = format!("tick|--quiet|--skill-dir|{skill}|--|50% it's \"done\"|");
    assert!(machine.sandbox.read("ran").starts_with(&wanted), "{}", machine.sandbox.read("ran"));
}

#[test]
fn another_state_file_is_named_in_the_line() {
    let machine = machine();
    let other = machine.sandbox.path("other.json");
    machine.sandbox.write("other.json", &machine.sandbox.read(STATE));
    let other = other.display().to_string();
    machine.cron(&["add", "plumbers", "--state", &other]).ok();
    assert!(machine.lines().contains(&format!(" --state {other} -- plumbers ")));
}

#[test]
fn what_has_no_use_is_refused() {
    let machine = machine();
    machine.cron(&["add", "plumber"]).fails(2).stderr_has("there is no mission `plumber`");
    machine.cron(&["add", "over"]).fails(2).stderr_has("`over` has ended: succeeded");
    machine.cron(&["remove", "plumber"]).fails(2).stderr_has("there is no mission `plumber`");
    machine.cron(&["list", "plumber"]).fails(2).stderr_has("there is no mission `plumber`");
    machine.cron(&["add", "plumbers", "--every", "45"]).fails(2).stderr_has("found --every 45");
    assert_eq!(machine.lines(), OWN);
}

#[test]
fn the_step_that_ends_with_the_last_event_is_stored_with_the_events() {
    let machine = machine();
    machine.cron(&["add", "plumbers", "--step", "verify"]).ok();
    assert_eq!(machine.mission("plumbers")["events"]["e1"]["verify_step"], "verify");
    let before = machine.lines();
    let out = machine.cron(&["add", "50% it's \"done\"", "--step", "verify"]);
    out.fails(2).stderr_has("has nothing scheduled that --step could wait for");
    assert_eq!(machine.lines(), before);
}

#[test]
fn a_key_that_only_this_shell_has_is_refused() {
    let machine = machine();
    machine.sandbox.adjust(&json!({"api_key": "${ONLY_HERE}"}));
    let add = || {
        let run = machine.sandbox.prepare(MISSIONS, ["cron", "add", "plumbers"]);
        run.env("ONLY_HERE", harness::KEY).run()
    };
    add().fails(3).stderr_has("ONLY_HERE").stderr_has("hint: put the key into the skill folder");
    assert_eq!(machine.lines(), OWN);
    machine.sandbox.write("skill/.env", &format!("ONLY_HERE={}\n", harness::KEY));
    add().ok();
}

#[test]
fn a_removed_mission_leaves_no_line() {
    let machine = machine();
    machine.cron(&["add", "plumbers"]).ok();
    machine.sandbox.run(MISSIONS, ["remove-state", "plumbers"]).ok();
    assert_eq!(machine.lines(), format!("{OWN}\n"));
    // A mission that never had a line needs no crontab.
    program(&machine.sandbox, "work/bin/crontab", "exit 1");
    machine.sandbox.run(MISSIONS, ["remove-state", "over"]).ok();
}

#[test]
fn a_crontab_that_cannot_be_used_is_an_error() {
    let machine = machine();
    program(&machine.sandbox, "work/bin/crontab", "echo 'not allowed' >&2; exit 1");
    machine
        .cron(&["add", "plumbers"])
        .fails(4)
        .stderr_has("the crontab cannot be used: not allowed")
        .stderr_has("--openclaw")
        .stderr_has("missions watch plumbers");
    // What could not be added is not remembered.
    assert_eq!(machine.cron(&["remove", "plumbers"]).ok().json()["changed"], false);
}

#[test]
fn where_no_cron_is_installed_none_is_listed_and_add_says_to_install_it() {
    let mut machine = machine();
    machine.sandbox.env("PATH", "/nowhere");
    assert_eq!(machine.cron(&["list"]).ok().json(), json!({"missions": []}));
    machine.cron(&["remove", "plumbers"]).ok();
    machine
        .cron(&["add", "plumbers"])
        .fails(4)
        .stderr_has("the crontab cannot be used")
        .stderr_has("hint: install cron");
}

#[test]
fn a_kill_on_the_way_to_cron_leaves_a_whole_crontab() {
    let machine = machine();
    // More than a pipe holds: a writer that uses one is killed in the middle.
    let own = "0 3 * * * backup\n".repeat(8_000);
    machine.crontab(&own);
    let work = machine.sandbox.path("work").display().to_string();
    let script = format!(
        "case \"$1\" in -l) cat '{work}/crontab';; -) touch '{work}/began'; until [ -e '{work}/go' ]; do sleep 0.01; \
         done; cat > '{work}/new'; mv '{work}/new' '{work}/crontab'; touch '{work}/over';; esac"
    );
    program(&machine.sandbox, "work/bin/crontab", &script);
    let mut child = machine.sandbox.spawn(MISSIONS, ["cron", "add", "plumbers"]);
    wait_until(SOON, || machine.sandbox.has("work/began"));
    child.signal(Signal::KILL);
    child.finish(Duration::from_secs(5)).fails(137);
    machine.sandbox.write("work/go", "");
    wait_until(SOON, || machine.sandbox.has("work/over"));
    let line = machine.line("* * * * *", "plumbers");
    assert!(machine.lines() == format!("{own}{line}"), "the owner's lines and ours");
    assert!(!machine.sandbox.has("skill/.crontab.tmp"));
}

/// Two skill folders change the one crontab at once, and each change takes a while.
#[test]
fn no_skill_folder_loses_a_line_by_another() {
    let machine = machine();
    let sandbox = &machine.sandbox;
    let file = sandbox.path("work/crontab").display().to_string();
    let script = format!("case \"$1\" in -l) cat '{file}'; sleep 0.3;; -) cat > '{file}';; esac");
    program(sandbox, "work/bin/crontab", &script);
    for name in ["skill-config.json", ".missions_state.json"] {
        sandbox.write(&format!("other/{name}"), &sandbox.read(&format!("skill/{name}")));
    }
    let other = sandbox.path("other").display().to_string();
    let ours = sandbox.spawn(MISSIONS, ["cron", "add", "plumbers"]);
    sandbox.run(MISSIONS, ["cron", "add", "plumbers", "--skill-dir", &other]).ok();
    ours.finish(SOON).ok();
    assert_eq!(machine.lines().matches(" tick --quiet ").count(), 2, "{}", machine.lines());
    assert_eq!(sandbox.mode("home/.cache/clawdtalk-crontab.lock"), 0o600);
}

/// A gateway's program that answers as the real one; it has one job at most, and notes its command lines.
fn openclaw(machine: &Machine) {
    let folder = machine.sandbox.path("work").display().to_string();
    let script = format!(
        r#"printf '%s|' "$@" >> '{folder}/calls'; echo >> '{folder}/calls'; echo 'OpenClaw: a banner'
case "$2" in
add) test -e '{folder}/job' && created=false || created=true; printf %s "$9" > /dev/null
  printf '{{"created":%s,"job":{{"id":"9c4d"}}}}' $created
  shift 8; while [ "$1" != --declaration-key ]; do shift; done; printf %s "$2" > '{folder}/job';;
list) test -e '{folder}/job' || {{ echo '{{"jobs":[]}}'; exit; }}
  printf '{{"jobs":[{{"id":"1","declarationKey":"heartbeat:main"}},{{"id":"9c4d","declarationKey":"%s"}}]}}' "$(cat '{folder}/job')";;
rm) rm '{folder}/job'; echo '{{"ok":true,"removed":true}}';;
esac"#
    );
    program(&machine.sandbox, "work/bin/openclaw", &script);
}

#[test]
fn the_gateways_scheduler_is_used_through_its_program() {
    let machine = machine();
    machine.cron(&["add", "plumbers", "--openclaw"]).fails(3).stderr_has("`openclaw` is not on");
    openclaw(&machine);
    let added = machine.cron(&["add", "plumbers", "--openclaw", "--every", "5"]).ok().json();
    assert_eq!((&added["scheduler"], &added["written"]), (&json!("openclaw"), &json!("9c4d")));
    let calls = machine.sandbox.read("work/calls");
    let skill = machine.sandbox.skill().display().to_string();
    let argv = json!([MISSIONS, "tick", "--quiet", "--skill-dir", skill, "--", "plumbers"]);
    assert!(calls.contains(&format!("|--every|5m|--command-argv|{argv}|")), "{calls}");
    assert!(calls.contains("|--no-deliver|--json|"), "{calls}");
    assert_eq!(machine.lines(), OWN, "the crontab is not needed");
    assert_eq!(
        machine.cron(&["add", "plumbers", "--openclaw", "--every", "5"]).json()["changed"],
        false
    );
    let listed = machine.cron(&["list"]).ok().json();
    assert_eq!(
        listed["missions"],
        json!([{"slug": "plumbers", "scheduler": "openclaw", "job": "9c4d"}])
    );

    // Each scheduler replaces the other.
    machine.cron(&["add", "plumbers"]).ok();
    assert!(machine.sandbox.read("work/calls").contains("cron|rm|9c4d|"));
    machine.cron(&["add", "plumbers", "--openclaw"]).ok();
    assert_eq!(machine.lines(), format!("{OWN}\n"));
    assert_eq!(machine.cron(&["remove", "plumbers"]).ok().json()["changed"], true);
    assert!(!machine.sandbox.has("work/job"));
}

/// `crontab` goes on when the program that started it is killed: what it installs late must not undo what others have
/// added by then.
#[test]
fn a_killed_change_holds_the_crontab_until_it_has_ended() {
    let machine = machine();
    let sandbox = &machine.sandbox;
    let [file, began, go] = ["work/crontab", "work/began", "work/go"]
        .map(|name| sandbox.path(name).display().to_string());
    let slow = format!(
        "cat > '{began}.new'; mv '{began}.new' '{began}'; until [ -e '{go}' ]; do sleep 0.01; done"
    );
    let script =
        format!("case \"$1\" in -l) cat '{file}';; -) {slow}; cp '{began}' '{file}';; esac");
    program(sandbox, "work/bin/crontab", &script);
    let mut killed = sandbox.spawn(MISSIONS, ["cron", "add", "plumbers"]);
    wait_until(SOON, || sandbox.has("work/began"));
    killed.signal(Signal::KILL);
    assert_eq!(killed.finish(SOON).code(), 137);
    let next = sandbox.spawn(MISSIONS, ["cron", "add", "50% it's \"done\""]);
    next.wait_line(SOON, |line| line.contains("waiting for"));
    sandbox.write("work/go", "");
    next.finish(SOON).ok();
    assert_eq!(machine.lines().matches(" tick --quiet ").count(), 2, "{}", machine.lines());
}

/// As busybox has it: who has no crontab has no such file, and its words say so.
#[test]
fn the_crontab_of_busybox_is_empty_at_first() {
    let machine = machine();
    let file = machine.sandbox.path("work/spool").display().to_string();
    let none = "echo \"crontab: can't open 'root': No such file or directory\" >&2; exit 1";
    let script = format!(
        "case \"$1\" in -l) [ -f '{file}' ] || {{ {none}; }}; cat '{file}';; -) cat > '{file}';; esac"
    );
    program(&machine.sandbox, "work/bin/crontab", &script);
    assert_eq!(machine.cron(&["list"]).ok().quiet().json(), json!({"missions": []}));
    assert_eq!(machine.cron(&["add", "plumbers"]).ok().quiet().json()["changed"], true);
    assert_eq!(machine.sandbox.read("work/spool"), machine.line("* * * * *", "plumbers"));
}

#[test]
fn what_was_written_is_read_back() {
    let machine = machine();
    program(&machine.sandbox, "work/bin/crontab", "case \"$1\" in -) cat > /dev/null;; esac");
    machine.cron(&["add", "plumbers"]).fails(4).silent().stderr_has("not in it now");
}

/// In a namespace where no other process can be seen.
#[test]
fn a_crontab_that_no_daemon_reads_is_warned_of() {
    let alone = ["--pid", "--fork", "--mount-proc"];
    let may = Command::new("unshare").args(alone).arg("true").status();
    if !may.is_ok_and(|status| status.success()) {
        eprintln!("skipped: this user may not hide other processes (unshare --pid)");
        return;
    }
    let machine = machine();
    let add = |before: &str| {
        let script = format!("{before} '{MISSIONS}' cron add plumbers");
        machine.sandbox.run("unshare", [&alone[..], &["sh", "-c", &script]].concat())
    };
    let out = add("");
    assert_eq!(out.ok().stderr_has("no cron daemon runs").json()["changed"], true);
    // With one, nothing is said.
    add("daemon/crond -c 'sleep 20; :' &").ok().quiet();
}
