//! `status`, as its users run it: each check passes when all is well, and fails with its fix when it is not.

#![expect(clippy::unwrap_used, reason = "to panic is how a test fails")]

#[path = "setup/installed.rs"]
mod installed;

use harness::{KEY, RequestFault, Sandbox, TOKEN};
use installed::{Installed, mode, program};
use serde_json::json;
use std::time::Duration;

const STATUS: &str = env!("CARGO_BIN_EXE_status");

#[test]
fn all_is_well() {
    let all = Installed::new();
    let out = all.run();
    out.ok().quiet().never_says(KEY).never_says(TOKEN);
    let ids: Vec<_> =
        out.json()["checks"].as_array().unwrap().iter().map(|check| check["id"].clone()).collect();
    let wanted = [
        "folder",
        "config",
        "key",
        "quota",
        "clock",
        "service",
        "client",
        "gateway",
        "token",
        "sessions_send",
        "agent",
        "background",
        "numbers",
        "programs",
        "old_client",
        "exposure",
        "inbound_line",
        "state",
        "disk",
    ];
    assert_eq!(ids, wanted);
    let checks = out.json();
    let detail = |id: &str| {
        let all = checks["checks"].as_array().unwrap().clone();
        all.iter().find(|check| check["id"] == id).unwrap()["detail"].as_str().unwrap().to_owned()
    };
    assert!(
        checks["checks"].as_array().unwrap().iter().all(|check| check["status"] == "pass"),
        "{out}"
    );
    assert_eq!(detail("key"), "accepted: plan pro, number +15559990000");
    assert_eq!(
        detail("quota"),
        "left: 100 calls today, 120 minutes today, 1200 minutes this month, 200 mission events this month"
    );
    // The versions of both tables: libphonenumber's and the tz database's.
    let numbers = detail("numbers");
    let is_version = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    assert_eq!(numbers.split([' ', ',']).filter(|word| is_version(word)).count(), 2, "{numbers}");
    assert!(detail("gateway").ends_with("answers, version 2026.9.6"), "{out}");
    assert!(all.gateway.turns().is_empty(), "status must not start a turn");
    let reads_only = |method: &str| method == "GET";
    assert!(all.service.seen().iter().all(|seen| reads_only(&seen.method)));
}

#[test]
fn a_missing_folder_fails() {
    let sandbox = Sandbox::new();
    let gone = sandbox.path("gone").display().to_string();
    let out = sandbox.run(STATUS, ["--skill-dir", &gone]);
    let check = out.fails(1).json()["checks"][0].clone();
    assert_eq!(
        check,
        json!({
            "id": "folder", "status": "fail", "detail": format!("there is no `{gone}`"),
            "fix": format!("setup --skill-dir {gone}"), "fix_kind": "fix", "fix_id": "setup",
        })
    );
}

#[test]
fn a_folder_that_is_a_file_fails() {
    let sandbox = Sandbox::new();
    sandbox.write("a file", "x");
    let file = sandbox.path("a file").display().to_string();
    let out = sandbox.run(STATUS, ["--skill-dir", &file]);
    let check = out.fails(1).json()["checks"][0].clone();
    assert_eq!(check["detail"], format!("`{file}` is no folder"));
    assert_eq!(check["fix"], format!("mv '{file}' '{file}'.old && setup --skill-dir '{file}'"));
}

#[test]
fn a_folder_that_others_may_write_to_fails() {
    let all = Installed::new();
    mode(&all.sandbox.skill(), 0o777);
    all.only("folder", "fail", "others may put programs", "chmod go-w SKILL");
}

#[test]
fn a_key_that_others_may_read_is_warned_of() {
    let all = Installed::new();
    mode(&all.sandbox.path("skill/skill-config.json"), 0o644);
    all.only("folder", "warn", "others may read", "chmod 600 SKILL/skill-config.json");
}

#[test]
fn a_key_that_could_be_committed_is_warned_of() {
    let all = Installed::new();
    all.sandbox.write(".git/HEAD", "ref: refs/heads/main\n");
    all.only(
        "folder",
        "warn",
        "lies in the git work tree",
        "printf '%s\\n' '/skill-config.*' '/.*' '!/.git*' >> SKILL/.gitignore",
    );
    all.sandbox.write("skill/.gitignore", "skill-config.json\n");
    all.run().ok();
}

/// Asks git itself, in a work tree that would run a hook of its own.
#[test]
fn git_is_asked_what_it_has_and_what_it_would_take() {
    let all = Installed::new();
    let git = |line: &[&str]| {
        let mut command = std::process::Command::new("git");
        command
            .args(["-c", "core.fsmonitor=false", "-C"])
            .arg(all.sandbox.path("skill"))
            .args(line);
        command.env("HOME", all.sandbox.home()).env("GIT_CONFIG_NOSYSTEM", "1");
        assert!(command.output().expect("git is there").status.success(), "{line:?}");
    };
    git(&["init", "--quiet", ".."]);
    let hook = all.sandbox.path("hook");
    all.sandbox.write("hook", &format!("#!/bin/sh\ntouch {}\n", all.sandbox.path("ran").display()));
    mode(&hook, 0o755);
    git(&["config", "core.fsmonitor", hook.to_str().unwrap()]);
    let take = "printf '%s\\n' '/skill-config.*' '/.*' '!/.git*' >> SKILL/.gitignore";
    all.only("folder", "warn", "git would take `skill-config.json`", take);
    all.sandbox.write("skill/.gitignore", "skill-config.*\n");
    all.sandbox.write("skill/.env", "X=1\n");
    mode(&all.sandbox.path("skill/.env"), 0o600);
    all.only("folder", "warn", "git would take `.env`", take);
    all.sandbox.write("skill/.gitignore", "/skill-config.*\n/.*\n!/.git*\n");
    all.run().ok();
    git(&["add", "--force", "skill-config.json"]);
    let remove = format!("git -C SKILL rm --cached -- skill-config.json; {take}");
    all.only("folder", "fail", "`skill-config.json`, which holds a key, is in git", &remove);
    git(&["rm", "--quiet", "--cached", "skill-config.json"]);
    all.run().ok();
    assert!(!all.sandbox.has("ran"), "a hook of the work tree ran");
}

#[test]
fn a_configuration_that_does_not_resolve_fails_and_the_rest_waits_for_it() {
    let all = Installed::new();
    all.sandbox.adjust(&json!({"api_key": "${NOBODY_SET_THIS}"}));
    let out = all.run();
    let checks = out.fails(1).json();
    let config = &checks["checks"][1];
    assert!(
        config["detail"]
            .as_str()
            .unwrap()
            .starts_with("`api_key` refers to ${NOBODY_SET_THIS}, which")
    );
    assert!(config["detail"].as_str().unwrap().contains("set NOBODY_SET_THIS in the environment"));
    let env = all.sandbox.path("skill/.env").display().to_string();
    assert_eq!(config["fix"], format!("${{EDITOR:-vi}} {env}"));
    let key = &checks["checks"][2];
    assert_eq!((&key["status"], &key["fix"]), (&json!("warn"), &config["fix"]));
    assert_eq!(key["because"], "config");
}

#[test]
fn a_broken_configuration_is_reported_once() {
    let all = Installed::new();
    all.sandbox.write("skill/skill-config.json", "{\"api_key\": ");
    let out = all.run();
    let failed: Vec<_> = out.fails(1).json()["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|check| check["status"] == "fail")
        .map(|check| check["id"].clone())
        .collect();
    assert_eq!(failed, ["config"]);
}

#[test]
fn sessions_send_at_the_top_level_is_warned_of() {
    let mut all = Installed::new();
    let text = format!(
        "{{tools: {{allow: ['sessions_send']}}, gateway: {{port: {}, auth: {{token: '{TOKEN}'}}}}}}",
        all.gateway.port()
    );
    all.sandbox.write("home/.openclaw/openclaw.json", &text);
    let path = all.sandbox.path("home/.openclaw/openclaw.json");
    all.sandbox
        .adjust(&json!({"gateway_config": path, "gateway_url": null, "gateway_token": null}));
    all.sandbox.env("OPENCLAW_GATEWAY_PORT", &all.gateway.port().to_string());
    let fix = format!("${{EDITOR:-vi}} {}", path.display());
    all.only("config", "warn", "it may leave the agent without other tools", &fix);
}

#[test]
fn a_refused_key_fails() {
    let all = Installed::new();
    all.sandbox.adjust(&json!({"api_key": "cc_live_another_key_altogether"}));
    let out = all.run();
    let key = out.fails(1).never_says("cc_live_another").json()["checks"][2].clone();
    assert_eq!((&key["status"], &key["fix"]), (&json!("fail"), &json!("setup")));
}

#[test]
fn a_phone_that_is_not_verified_is_warned_of() {
    let all = Installed::new();
    all.service.on(
        "GET",
        "/v1/me",
        200,
        json!({"effective_tier": "free", "phone_verified": false}),
    );
    let out = all.run();
    let checks = out.ok().json();
    assert_eq!(checks["checks"][2]["detail"], "accepted: plan free; your phone is not verified");
    assert_eq!(checks["checks"][2]["fix"], "open https://clawdtalk.com and sign in");
}

#[test]
fn a_quota_that_is_used_up_fails() {
    let all = Installed::new();
    let me = json!({"effective_tier": "free", "quota": {"daily_calls_limit": 5}, "usage_today": {"calls": 5}});
    all.service.on("GET", "/v1/me", 200, me);
    all.only("quota", "fail", "left: 0 calls today", "open https://clawdtalk.com and sign in");
}

#[test]
fn a_clock_that_is_wrong_fails() {
    let all = Installed::new();
    let out = all.sandbox.prepare(STATUS, [""; 0]).env("CLAWDTALK_CLOCK_OFFSET", "+1h").run();
    let clock = out.fails(1).json()["checks"][4].clone();
    assert_eq!((&clock["id"], &clock["status"]), (&json!("clock"), &json!("fail")));
    assert_eq!(clock["fix_id"], "set_clock");
    let out = all.sandbox.prepare(STATUS, [""; 0]).env("CLAWDTALK_CLOCK_OFFSET", "-40s").run();
    assert_eq!(out.ok().json()["checks"][4]["status"], "warn");
}

#[test]
fn the_services_own_checks_count_by_their_weight() {
    let all = Installed::new();
    let check = |status: &str| json!({"checks": [{"id": "bot_connected", "status": status, "detail": "no bot"}]});
    all.service.on("GET", "/v1/doctor/warnings", 200, check("fail"));
    all.only("service", "warn", "bot_connected: no bot", "connect start");
    all.service.on("GET", "/v1/doctor/critical", 200, check("fail"));
    all.only("service", "fail", "bot_connected: no bot", "connect start");
}

#[test]
fn a_service_without_checks_of_its_own_is_well() {
    let all = Installed::new();
    for group in ["critical", "warnings", "recommended", "infra"] {
        all.service.on(
            "GET",
            &format!("/v1/doctor/{group}"),
            404,
            json!({"error": {"code": "not_found", "message": "no"}}),
        );
    }
    all.run().ok().quiet();
}

#[test]
fn a_service_whose_checks_are_out_of_order_is_warned_of() {
    let all = Installed::new();
    all.service.fail("GET", "/v1/doctor/critical", RequestFault::Status(500), 99);
    all.only("service", "warn", "not asked: ", "status");
}

#[test]
fn a_service_that_cannot_be_reached_fails_by_its_key() {
    let all = Installed::new();
    all.sandbox.adjust(&json!({"server": "http://127.0.0.1:1"}));
    let checks = all.run().fails(1).json();
    let key = &checks["checks"][2];
    assert_eq!((&key["id"], &key["status"]), (&json!("key"), &json!("fail")));
    assert_eq!(checks["checks"][3]["detail"], "not asked: see `key`");
    for number in [3, 4, 5] {
        assert_eq!(checks["checks"][number]["fix"], key["fix"], "status alone mends nothing");
    }
}

#[test]
fn a_client_that_does_not_run_fails() {
    let mut all = Installed::new();
    all.client = None;
    all.only("client", "fail", "not running", "connect start");
}

#[test]
fn connected_is_not_believed_without_a_fresh_pong() {
    let mut all = Installed::new();
    all.client = None;
    all.runs(&json!({"last_pong": "2020-01-01T00:00:00Z"}));
    all.only("client", "fail", "running and not connected", "connect logs");
}

#[test]
fn the_reason_why_a_client_ended_is_shown() {
    let mut all = Installed::new();
    all.client = None;
    all.runs(&json!({"state": "refused", "reason": "invalid key"}));
    all.client = None;
    all.only("client", "fail", "it ended: the key was refused: invalid key", "setup");
    all.runs(&json!({"state": "replaced"}));
    all.client = None;
    all.only(
        "client",
        "fail",
        "another client of this account took over",
        "stop the client that took over, elsewhere, then: connect start",
    );
}

#[test]
fn a_journal_that_cannot_be_written_fails() {
    let mut all = Installed::new();
    all.client = None;
    all.runs(&json!({"journal_writable": false}));
    all.only("client", "fail", "sensitive requests are refused", "connect restart");
}

/// A systemd of the user that answers with this script.
fn systemd(all: &Installed, script: &str) {
    program(&all.sandbox, "work/bin/systemctl", script);
    program(&all.sandbox, "work/bin/loginctl", "echo yes");
}

#[test]
fn nothing_that_starts_the_client_is_warned_of() {
    let all = Installed::new();
    all.sandbox.adjust(&json!({"setup": null}));
    systemd(&all, "exit 1");
    all.only("background", "warn", "nothing starts the client", "setup --service cron");
    systemd(&all, "");
    all.only("background", "warn", "nothing starts the client", "setup --service systemd");
}

#[test]
fn crontab_lines_that_are_gone_fail() {
    let all = Installed::new();
    all.crontab("MAILTO=me\n");
    all.only("background", "fail", "missing from the crontab", "setup --service cron");
}

#[test]
fn a_unit_that_is_gone_or_changed_fails() {
    let all = Installed::new();
    all.sandbox.adjust(&json!({"setup": {"service": "systemd"}}));
    systemd(&all, "");
    all.only("background", "fail", "there is no", "setup --service systemd");
    all.sandbox.write("home/.config/systemd/user/clawdtalk-connect.service", "[Service]\n");
    all.only("background", "fail", "is not as setup writes it", "setup --service systemd");
}

#[test]
fn with_everything_down_it_ends_within_ten_seconds() {
    let all = Installed::new();
    for group in ["critical", "warnings", "recommended", "infra"] {
        all.service.fail("GET", &format!("/v1/doctor/{group}"), RequestFault::Hang, 99);
    }
    all.service.fail("GET", "/v1/me", RequestFault::Hang, 99);
    all.gateway.fail("GET", "/startupz", RequestFault::Hang, 99);
    all.gateway.fail("POST", "/tools/invoke", RequestFault::Hang, 99);
    program(&all.sandbox, "work/bin/crontab", "exec sleep 60");
    let out = all.run();
    out.fails(1);
    assert!(out.took() < Duration::from_secs(10), "{out}");
    let checks = out.json();
    let of = |id: &str| {
        checks["checks"].as_array().unwrap().iter().find(|check| check["id"] == id).unwrap().clone()
    };
    for id in ["key", "gateway", "background"] {
        assert_eq!(of(id)["status"], "fail", "{out}");
    }
    assert_eq!(of("folder")["status"], "pass");
}
