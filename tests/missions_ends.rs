//! What somebody ended stays ended, and nothing runs for it any more, whatever fails on the way.

#[path = "missions/stage.rs"]
#[expect(dead_code, reason = "other tests need the rest of it")]
mod stage;

use std::os::unix::fs::PermissionsExt as _;

use harness::ServiceTable;
use serde_json::Value;
use stage::{MISSIONS, Stage};

const CRONTAB: &str = "work/crontab";

/// A crontab of its own, written by these commands of a shell.
fn crontab(stage: &mut Stage, write: &str) {
    let (file, bin) = (stage.sandbox.path(CRONTAB), stage.sandbox.path("work/bin"));
    let (file, write) = (file.display(), write.replace("FILE", &file.display().to_string()));
    let script = format!("#!/bin/sh\ncase \"$1\" in -l) cat '{file}';; -) {write};; esac\n");
    stage.sandbox.write("work/bin/crontab", &script);
    let mode = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(bin.join("crontab"), mode).expect("it was made just now");
    stage.sandbox.env("PATH", &format!("{}:/usr/bin:/bin", bin.display()));
}

const WORKS: &str = "cat > 'FILE'";

/// A mission with a call and a line in the crontab.
fn with_line() -> Stage {
    let mut stage = Stage::new();
    stage.sandbox.write(CRONTAB, "");
    crontab(&mut stage, WORKS);
    stage.call("07", &[]);
    stage.ok(&["cron", "add", "m"]);
    assert!(has_line(&stage));
    stage
}

fn has_line(stage: &Stage) -> bool {
    stage.sandbox.read(CRONTAB).contains("clawdtalk mission m")
}

fn n_pending(stage: &Stage) -> usize {
    stage
        .service
        .rows(ServiceTable::Scheduled)
        .iter()
        .filter(|row| row["status"] == "pending")
        .count()
}

#[test]
fn what_failed_or_was_called_off_is_not_completed() {
    for (end, how) in [(&["fail", "m", "No use"][..], "failed"), (&["cancel", "m"], "cancelled")] {
        let stage = Stage::new();
        stage.ok(end);
        let asked = stage.service.seen().len();
        let out = stage.run(&["complete", "m", "All done"]);
        let wanted = format!("mission `m` has ended already: {how}\n");
        out.fails(2).silent().stderr_has(&wanted).stderr_has("missions get-state m");
        assert_eq!(stage.service.seen().len(), asked);
        assert_eq!((stage.run_status(), stage.state()["status"].clone()), (how.into(), how.into()));
    }
}

#[test]
fn completing_again_is_harmless_and_does_not_count_what_was_withdrawn() {
    let stage = Stage::new();
    let id = stage.call("07", &[]);
    let assistant = stage.state()["assistant_id"].clone();
    stage.ok(&["cancel-scheduled-event", assistant.as_str().unwrap_or_default(), &id]);
    for _ in 0..2 {
        stage.run(&["complete", "m", "Done"]).ok().quiet();
        assert_eq!(stage.run_status(), "succeeded");
    }
    stage.run(&["fail", "m", "x"]).fails(2).stderr_has("has ended already: succeeded");
}

#[test]
fn a_line_that_cannot_be_removed_is_removed_by_the_next_tick() {
    let mut stage = with_line();
    crontab(&mut stage, "echo busy >&2; exit 1");
    let out = stage.run(&["complete", "m", "Done"]);
    out.ok().stderr_has("still there").stderr_has("hint: `missions cron remove m`");
    assert!(has_line(&stage));
    crontab(&mut stage, WORKS);
    assert_eq!(stage.tick()["settled"], true);
    assert!(!has_line(&stage));
    assert_eq!(n_pending(&stage), 1, "what is scheduled is left to who completed the mission");
    assert_eq!(stage.tick(), Value::Null);
}

#[test]
fn a_kill_before_the_line_is_removed_does_not_leave_it_for_ever() {
    let mut stage = with_line();
    crontab(&mut stage, "kill -9 $PPID");
    let out = stage.sandbox.run("/bin/sh", ["-c", "\"$0\" complete m Done; true", MISSIONS]);
    out.ok();
    assert!(has_line(&stage));
    crontab(&mut stage, WORKS);
    assert_eq!(stage.tick()["settled"], true);
    assert_eq!((has_line(&stage), stage.run_status()), (false, "succeeded".into()));
}

#[test]
fn a_step_that_the_plan_does_not_have_does_not_stand_for_the_end() {
    let stage = with_line();
    stage.ok(&["cron", "add", "m", "--step", "calls"]);
    let kept = stage.state();
    let out = stage.run(&["cron", "add", "m", "--step", "cals"]);
    out.fails(2).silent().stderr_has("no step `cals`").stderr_has("probably `calls`");
    assert_eq!(stage.state(), kept);
}

#[test]
fn watching_warns_once_of_a_config_that_others_can_read() {
    let stage = Stage::new();
    stage.ok(&["complete", "m", "Done"]);
    let mode = std::fs::Permissions::from_mode(0o644);
    let config = stage.sandbox.path("skill/skill-config.json");
    std::fs::set_permissions(config, mode).expect("the sandbox has it");
    let out = stage.run(&["watch", "m"]);
    out.ok().stderr_has("can be read by others");
    assert_eq!(out.err().matches("can be read by others").count(), 1, "{out}");
}
