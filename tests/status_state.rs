//! `status` and what is stored: settings and state can be read, missions have their ticks, and there is room to write.

#![expect(clippy::unwrap_used, reason = "to panic is how a test fails")]

#[path = "setup/installed.rs"]
mod installed;

use installed::{Installed, mode};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

const STATUS: &str = env!("CARGO_BIN_EXE_status");

#[test]
fn a_broken_state_file_fails() {
    let all = Installed::new();
    all.sandbox.write("skill/.missions_state.json", "{\"find-plumbers\": {\"mission_id\":");
    all.only("state", "fail", "cannot be read", "missions recover");
    all.sandbox.write("skill/.missions_state.json", "{\"a\": {}}");
    all.sandbox.write("skill/.do_not_call.json", "[]");
    all.only(
        "state",
        "fail",
        "it is no JSON object",
        "mv SKILL/.do_not_call.json SKILL/.do_not_call.json.broken",
    );
}

#[test]
fn a_mission_without_ticks_is_warned_of() {
    let all = Installed::new();
    let ago = |minutes: i64| (Timestamp::now() - SignedDuration::from_mins(minutes)).to_string();
    let missions = |due: i64, looked: Option<i64>, status: &str| {
        let event = json!({"scheduled_at": ago(due), "looked_at": looked.map(ago)});
        let missions = json!({"find it": {"status": status, "events": {"e1": event}}});
        all.sandbox.write("skill/.missions_state.json", &missions.to_string());
    };
    for (due, looked) in [(20, None), (60, Some(20))] {
        missions(due, looked, "running");
        all.only("state", "warn", "`find it` has a call or text", "missions tick 'find it'");
    }
    for (due, looked, status) in
        [(5, None, "running"), (60, Some(5), "running"), (60, None, "succeeded")]
    {
        missions(due, looked, status);
        let out = all.run();
        assert!(out.ok().out().contains("1 missions remembered"), "{out}");
    }
    assert!(
        all.gateway.turns().is_empty() && all.service.dialled().is_empty(),
        "status changes nothing"
    );
}

#[test]
fn a_state_file_that_cannot_be_opened_fails() {
    let all = Installed::new();
    let path = all.sandbox.path("skill/.missions_state.json");
    std::fs::create_dir(&path).unwrap();
    mode(&path, 0o700);
    all.only("state", "fail", "reading `", "ls -ld SKILL/.missions_state.json");
}

#[test]
fn a_full_disk_fails() {
    let all = Installed::new();
    let limited = format!("ulimit -f 1; exec '{STATUS}'");
    let out = all.sandbox.run("/bin/sh", ["-c", &limited]);
    let checks = out.fails(1).json();
    let disk = checks["checks"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&disk["id"], &disk["status"]), (&json!("disk"), &json!("fail")), "{out}");
    assert_eq!(disk["fix"], format!("df -h {}", all.sandbox.skill().display()));
    let mut names =
        std::fs::read_dir(all.sandbox.skill()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(
        !names.any(|name| name.to_string_lossy().contains("trial")),
        "nothing is left of the trial"
    );
}

#[test]
fn a_setting_with_which_the_client_would_not_start_fails() {
    for (settings, fact) in [
        (json!({"guard": {"approve": "sometimes"}}), "none of sensitive, always, never"),
        (json!({"guard": {"aprove": "never"}}), "no setting of the guard; it knows approve"),
        (json!({"max_turns": "many"}), "`max_turns` in `"),
        (json!({"sms": {"allow": ["abc"]}}), "is no list of numbers such as +15551234567"),
        (json!({"greeting": 7}), "not a text"),
    ] {
        let all = Installed::new();
        all.sandbox.adjust(&settings);
        all.only("config", "fail", fact, "${EDITOR:-vi} SKILL/skill-config.json");
    }
}

#[test]
fn a_folder_that_cannot_be_written_fails_as_a_folder() {
    let all = Installed::new();
    mode(&all.sandbox.skill(), 0o500);
    // Root may write everywhere, unless that is taken from it.
    let limited = format!(
        "d='--bounding-set=-dac_override --inh-caps=-dac_override'; \
         if [ \"$(id -u)\" = 0 ]; then exec setpriv $d '{STATUS}'; else exec '{STATUS}'; fi"
    );
    let out = all.sandbox.run("/bin/sh", ["-c", &limited]);
    mode(&all.sandbox.skill(), 0o700);
    let checks = out.fails(1).json();
    let skill = all.sandbox.skill().display().to_string();
    let (folder, disk) =
        (&checks["checks"][0], checks["checks"].as_array().unwrap().last().unwrap());
    assert_eq!(folder["detail"], format!("you may not write to `{skill}`"), "{out}");
    assert_eq!(folder["fix"], format!("chmod u+wx {skill}"));
    assert_eq!((&disk["status"], &disk["fix"]), (&json!("warn"), &folder["fix"]), "{out}");
}

#[test]
fn the_manifest_of_setup_has_to_be_readable() {
    let all = Installed::new();
    all.sandbox.adjust(&json!({"setup": 5}));
    all.only("background", "fail", "`setup`", "${EDITOR:-vi} SKILL/skill-config.json");
}
