//! A mission that was ended stays ended, and nothing runs for it any more, whatever fails on the way.

#[path = "missions/fixture.rs"]
#[expect(dead_code, reason = "other tests need the rest of it")]
mod fixture;

use std::os::unix::fs::PermissionsExt as _;

use fixture::{Fixture, MISSIONS};
use harness::ServiceTable;
use serde_json::Value;

const CRONTAB: &str = "work/crontab";

/// A crontab of its own, written by these shell commands.
fn crontab(fixture: &mut Fixture, write: &str) {
    let (file, bin) = (fixture.sandbox.path(CRONTAB), fixture.sandbox.path("work/bin"));
    let (file, write) = (file.display(), write.replace("FILE", &file.display().to_string()));
    let script = format!("#!/bin/sh\ncase \"$1\" in -l) cat '{file}';; -) {write};; esac\n");
    fixture.sandbox.write("work/bin/crontab", &script);
    let mode = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(bin.join("crontab"), mode).expect("it was made just now");
    fixture.sandbox.env("PATH", &format!("{}:/usr/bin:/bin", bin.display()));
}

const WORKS: &str = "cat > 'FILE'";

/// A mission with a call and a line in the crontab.
fn with_line() -> Fixture {
    let mut fixture = Fixture::new();
    fixture.sandbox.write(CRONTAB, "");
    crontab(&mut fixture, WORKS);
    fixture.call("07", &[]);
    fixture.ok(&["cron", "add", "m"]);
    assert!(has_line(&fixture));
    fixture
}

fn has_line(fixture: &Fixture) -> bool {
    fixture.sandbox.read(CRONTAB).contains("clawdtalk mission m")
}

fn n_pending(fixture: &Fixture) -> usize {
    fixture
        .service
        .rows(ServiceTable::Scheduled)
        .iter()
        .filter(|row| row["status"] == "pending")
        .count()
}

#[test]
fn what_failed_or_was_cancelled_is_not_completed() {
    for (end, how) in [(&["fail", "m", "No use"][..], "failed"), (&["cancel", "m"], "cancelled")] {
        let fixture = Fixture::new();
        fixture.ok(end);
        let n_requests = fixture.service.seen().len();
        let out = fixture.run(&["complete", "m", "All done"]);
        let wanted = format!("mission `m` has ended already: {how}\n");
        out.fails(2).silent().stderr_has(&wanted).stderr_has("missions get-state m");
        assert_eq!(fixture.service.seen().len(), n_requests);
        assert_eq!(
            (fixture.run_status(), fixture.state()["status"].clone()),
            (how.into(), how.into())
        );
    }
}

#[test]
fn completing_again_is_harmless_and_does_not_count_what_was_deleted() {
    let fixture = Fixture::new();
    let id = fixture.call("07", &[]);
    let assistant = fixture.state()["assistant_id"].clone();
    fixture.ok(&["cancel-scheduled-event", assistant.as_str().unwrap_or_default(), &id]);
    for _ in 0..2 {
        fixture.run(&["complete", "m", "Done"]).ok().quiet();
        assert_eq!(fixture.run_status(), "succeeded");
    }
    fixture.run(&["fail", "m", "x"]).fails(2).stderr_has("has ended already: succeeded");
}

#[test]
fn a_line_that_cannot_be_removed_is_removed_by_the_next_tick() {
    let mut fixture = with_line();
    crontab(&mut fixture, "echo busy >&2; exit 1");
    let out = fixture.run(&["complete", "m", "Done"]);
    out.ok().stderr_has("still there").stderr_has("hint: `missions cron remove m`");
    assert!(has_line(&fixture));
    crontab(&mut fixture, WORKS);
    assert_eq!(fixture.tick()["settled"], true);
    assert!(!has_line(&fixture));
    assert_eq!(n_pending(&fixture), 1, "what is scheduled is left to who completed the mission");
    assert_eq!(fixture.tick(), Value::Null);
}

#[test]
fn a_kill_before_the_line_is_removed_does_not_leave_it_for_ever() {
    let mut fixture = with_line();
    crontab(&mut fixture, "kill -9 $PPID");
    let out = fixture.sandbox.run("/bin/sh", ["-c", "\"$0\" complete m Done; true", MISSIONS]);
    out.ok();
    assert!(has_line(&fixture));
    crontab(&mut fixture, WORKS);
    assert_eq!(fixture.tick()["settled"], true);
    assert_eq!((has_line(&fixture), fixture.run_status()), (false, "succeeded".into()));
}

#[test]
fn a_step_that_the_plan_does_not_have_does_not_stand_for_the_end() {
    let fixture = with_line();
    fixture.ok(&["cron", "add", "m", "--step", "calls"]);
    let before = fixture.state();
    let out = fixture.run(&["cron", "add", "m", "--step", "cals"]);
    out.fails(2).silent().stderr_has("no step `cals`").stderr_has("probably `calls`");
    assert_eq!(fixture.state(), before);
}

#[test]
fn watching_warns_once_of_a_config_that_others_can_read() {
    let fixture = Fixture::new();
    fixture.ok(&["complete", "m", "Done"]);
    let mode = std::fs::Permissions::from_mode(0o644);
    let config = fixture.sandbox.path("skill/skill-config.json");
    std::fs::set_permissions(config, mode).expect("the sandbox has it");
    let out = fixture.run(&["watch", "m"]);
    out.ok().stderr_has("can be read by others");
    assert_eq!(out.err().matches("can be read by others").count(), 1, "{out}");
}
